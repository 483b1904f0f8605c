//! An inspection as text.

use std::fmt::{self, Write as _};

use super::inspection::{Dendrite, Inspection};
use crate::neuron::soma::Units;

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let p = &self.parameters;
        let transfer = match &p.model {
            Some(model) => format!("{}, model {model}", p.transfer),
            None => p.transfer.to_string(),
        };
        writeln!(
            f,
            "{} in trial {} at {} ms   {transfer}, tau_b {} ms, tau_a {} ms, tau_s {} ms, g_a {}, lambda {}",
            self.neuron,
            self.trial,
            self.time_ms,
            p.tau_b_ms,
            p.tau_a_ms,
            p.tau_s_ms,
            p.g_a,
            p.lambda
        )?;
        if let Some(noise) = &p.noise {
            let (std, every_ms) = (noise.std, noise.every_ms);
            writeln!(
                f,
                "noise of standard deviation {std}, drawn every {every_ms} ms"
            )?;
        }
        writeln!(f)?;
        writeln!(f, "basal dendrite    tau_b db/dt = -b + I_b")?;
        self.basal.terms(f, "I_b", self.i_b)?;
        writeln!(f, "  {:<6}{:>9}\n", "b", short(self.b))?;
        writeln!(f, "apical dendrite   tau_a da/dt = -a + I_a")?;
        self.apical.terms(f, "I_a", self.i_a)?;
        writeln!(f, "  {:<6}{:>9}\n", "a", short(self.a))?;
        let current = match self.i_s {
            0.0 => "",
            _ => " + I_s",
        };
        writeln!(
            f,
            "soma              s = b_hat + xi,  xi from g_a a{current}"
        )?;
        write!(
            f,
            "  {:<6}{:>9}  =  b_hat {}  xi {}",
            "s",
            short(self.s),
            short(self.b_hat),
            short(self.xi)
        )?;
        match self.i_s {
            0.0 => writeln!(f, "\n")?,
            i_s => writeln!(f, "\n  {:<6}{:>9}  injected\n", "I_s", short(i_s))?,
        }
        let units = match p.mismatch {
            Units::Rate => "delta = f'(b) xi",
            Units::Potential => "delta = xi",
        };
        let n = self.noise.map_or("", |_| "n + ");
        writeln!(
            f,
            "output            r = f(b + {n}lambda (s - b)),  {units}"
        )?;
        if let Some(noise) = self.noise {
            writeln!(f, "  {:<6}{:>9}  noise", "n", short(noise))?;
        }
        writeln!(f, "  {:<6}{:>9}  sent up", "r", short(self.r))?;
        writeln!(f, "  {:<6}{:>9}  sent down", "delta", short(self.delta))?;
        self.basal.strongest(f, "basal", "r")?;
        self.apical.strongest(f, "apical", "delta")?;
        let Some(first) = self.trace.first().filter(|trace| !trace.value.is_empty()) else {
            return writeln!(
                f,
                "\nno history of this neuron in this trial; `tail` and `probes` of a scenario name the \
                 neurons that have one"
            );
        };
        let (from, to) = (first.time_ms.first(), first.time_ms.last());
        let (from, to) = (
            from.copied().unwrap_or_default(),
            to.copied().unwrap_or_default(),
        );
        writeln!(f, "\nrecorded last, {from} to {to} ms")?;
        for trace in &self.trace {
            let (low, high) = extent(&trace.value);
            let line = sparkline(&trace.value, (low, high));
            writeln!(
                f,
                "  {:<6}{line}  {} .. {}",
                trace.variable,
                short(low),
                short(high)
            )?;
        }
        Ok(())
    }
}

impl Dendrite {
    fn terms(&self, f: &mut fmt::Formatter<'_>, symbol: &str, current: f32) -> fmt::Result {
        write!(f, "  {symbol:<6}{:>9}", short(current))?;
        let mut sum = String::new();
        for (projection, term) in &self.terms {
            write!(sum, "  {projection} {}", short(*term))?;
        }
        if self.injected != 0.0 {
            write!(sum, "  injected {}", short(self.injected))?;
        }
        // Rounding of the sums is not a separate current.
        let scale = (self.terms.iter())
            .fold(current.abs().max(self.injected.abs()), |m, (_, t)| {
                m.max(t.abs())
            });
        if self.taught {
            write!(sum, "  teacher {}", short(self.rest))?;
        } else if self.rest.abs() > 1e-3 * scale {
            write!(sum, "  weights changed since {}", short(self.rest))?;
        }
        writeln!(f, "{}{sum}", if sum.is_empty() { "" } else { "  =" })
    }

    fn strongest(&self, f: &mut fmt::Formatter<'_>, name: &str, sent: &str) -> fmt::Result {
        if self.strongest.is_empty() {
            return writeln!(f, "\nno {name} synapses");
        }
        let (shown, all) = (self.strongest.len(), self.synapses);
        writeln!(f, "\nstrongest {name} synapses ({shown} of {all})")?;
        writeln!(
            f,
            "  {:<24}{:>9}{sent:>10}{:>10}",
            "from", "weight", "product"
        )?;
        for synapse in &self.strongest {
            let from = synapse.from.as_deref().unwrap_or("bias");
            let from = match self.several_ways {
                true => format!("{from} {}", synapse.projection),
                false => from.to_owned(),
            };
            write!(f, "  {from:<24}{:>+9.4}", synapse.weight)?;
            match synapse.arrived {
                Some(arrived) => {
                    let product = short(arrived * synapse.weight);
                    writeln!(f, "{:>10}{product:>10}", short(arrived))?;
                }
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

/// Four decimals, or scientific notation for values below 1e-3.
fn short(value: impl Into<f64>) -> String {
    // Removes the sign of -0.
    let value: f64 = value.into() + 0.0;
    if value != 0.0 && value.abs() < 1e-3 {
        format!("{value:+.1e}")
    } else {
        format!("{value:+.4}")
    }
}

fn extent(values: &[f64]) -> (f64, f64) {
    (values.iter()).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| {
        (low.min(v), high.max(v))
    })
}

/// A line of up to 60 block characters, scaled from the lowest to the highest value.
fn sparkline(values: &[f64], (low, high): (f64, f64)) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const WIDTH: usize = 60;
    let width = values.len().min(WIDTH);
    (0..width)
        .map(|column| {
            let range = column * values.len() / width..(column + 1) * values.len() / width;
            let mean = values[range.clone()].iter().sum::<f64>() / range.len() as f64;
            let height = if high > low {
                (mean - low) / (high - low)
            } else {
                0.0
            };
            BLOCKS[((height * 8.0) as usize).min(7)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::sparkline;

    #[test]
    fn a_sparkline_rises_with_its_values_and_is_flat_for_a_constant() {
        let ramp: Vec<f64> = (0..8).map(f64::from).collect();
        assert_eq!(sparkline(&ramp, (0.0, 7.0)), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&[3.0; 3], (3.0, 3.0)), "▁▁▁");
        assert_eq!(sparkline(&[1.0; 1000], (0.0, 1.0)).chars().count(), 60);
        assert_eq!(sparkline(&[], (0.0, 1.0)), "");
    }
}
