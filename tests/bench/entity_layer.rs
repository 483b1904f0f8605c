//! What the entity layer costs; see `apical::bench`.
//!
//! `cargo bench --bench entity_layer`

use apical::bench::entity_layer;
use apical::neuron::Transfer;

fn main() {
    println!("ns for one neuron and step, medians of rounds in turn, dense engine");
    println!(
        "{:<10}{:>9}{:>10}{:>8}{:>8}",
        "transfer", "neurons", "entities", "plain", "ratio"
    );
    for transfer in [Transfer::Linear, Transfer::Tanh] {
        for size in [1_000, 10_000, 100_000] {
            let (entities, plain, ratio) = entity_layer(transfer, size);
            println!(
                "{:<10}{size:>9}{entities:>10.2}{plain:>8.2}{ratio:>8.3}",
                format!("{transfer:?}").to_lowercase(),
            );
        }
    }
}
