//! **Apical** simulates pyramidal neurons that learn.
//!
//! Every neuron is an entity with a soma, a basal and an apical dendrite. Activity travels up,
//! teaching travels down and synapses change locally, all at the same time, all the time: there
//! is no forward phase and no backward phase anywhere.
//!
//! | module | subject |
//! |---|---|
//! | [`neuron`] | the three compartments and how their potentials move |

pub mod neuron;
