//! Data sets that are available by name.
//!
//! Sources of checksums: the authors of MNIST published none, and these are the ones used by the
//! loaders of many libraries; the README of zalandoresearch/fashion-mnist gives the MD5 of the same
//! files; <https://www.cs.toronto.edu/~kriz/cifar.html> gives the MD5 of the archive of CIFAR-10.

use super::description::{DataSet, Download, Held, Packing};
use crate::data::formats::cifar::ARCHIVE_FOLDER;

/// All data sets.
#[must_use]
pub fn known() -> Vec<DataSet> {
    vec![mnist(), fashion_mnist(), cifar10()]
}

fn mnist() -> DataSet {
    DataSet {
        name: "mnist".into(),
        about: "handwritten digits".into(),
        scenario: "scenarios/mnist.ron".into(),
        hosts: vec![
            "https://ossci-datasets.s3.amazonaws.com/mnist/".into(),
            "https://storage.googleapis.com/cvdf-datasets/mnist/".into(),
        ],
        downloads: vec![
            gzip(
                "train-images-idx3-ubyte",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            gzip(
                "train-labels-idx1-ubyte",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            gzip(
                "t10k-images-idx3-ubyte",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            gzip(
                "t10k-labels-idx1-ubyte",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ],
    }
}

fn fashion_mnist() -> DataSet {
    DataSet {
        name: "fashion-mnist".into(),
        about: "pieces of clothing".into(),
        scenario: "scenarios/fashion.ron".into(),
        hosts: vec![
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/".into(),
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
                .into(),
        ],
        downloads: vec![
            gzip(
                "train-images-idx3-ubyte",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            ),
            gzip(
                "train-labels-idx1-ubyte",
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            ),
            gzip(
                "t10k-images-idx3-ubyte",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            ),
            gzip(
                "t10k-labels-idx1-ubyte",
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
        ],
    }
}

fn cifar10() -> DataSet {
    let batches = [
        (
            "data_batch_1.bin",
            "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
        ),
        (
            "data_batch_2.bin",
            "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
        ),
        (
            "data_batch_3.bin",
            "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
        ),
        (
            "data_batch_4.bin",
            "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
        ),
        (
            "data_batch_5.bin",
            "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
        ),
        (
            "test_batch.bin",
            "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
        ),
    ];
    let held = |(name, sha256): (&str, &str)| Held {
        name: name.into(),
        sha256: sha256.into(),
    };
    DataSet {
        name: "cifar10".into(),
        about: "colour photographs of ten kinds".into(),
        scenario: "scenarios/cifar10.ron".into(),
        hosts: vec!["https://www.cs.toronto.edu/~kriz/".into()],
        downloads: vec![Download {
            name: "cifar-10-binary.tar.gz".into(),
            bytes: 170_052_171,
            sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd".into(),
            packing: Packing::Tar {
                folder: ARCHIVE_FOLDER.into(),
            },
            holds: batches.map(held).into(),
        }],
    }
}

fn gzip(name: &str, bytes: u64, packed: &str, unpacked: &str) -> Download {
    Download {
        name: format!("{name}.gz"),
        bytes,
        sha256: packed.into(),
        packing: Packing::Gzip,
        holds: vec![Held {
            name: name.into(),
            sha256: unpacked.into(),
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::known;
    use crate::data::Source;
    use crate::description::Registry;
    use crate::description::scenario::Task;
    use std::path::{Path, PathBuf};

    /// The files of a data set are those that its scenario reads, and the checksums are valid.
    #[test]
    fn a_scenario_reads_what_is_fetched() {
        for set in known() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&set.scenario);
            let loaded =
                crate::description::scenario::load(&path, &[], &Registry::default()).unwrap();
            let Some(Task { data, .. }) = loaded.scenario.task else {
                panic!("{} has no task", set.scenario);
            };
            let mut read = match data {
                Source::Idx {
                    folder,
                    images,
                    labels,
                    test_images,
                    test_labels,
                    ..
                } => {
                    assert_eq!(folder.unwrap(), Path::new(&set.name));
                    vec![images, labels, test_images.unwrap(), test_labels.unwrap()]
                }
                Source::Cifar10 { train, test, .. } => [train, test].concat(),
                other => panic!("{other:?}"),
            };
            let held = || set.downloads.iter().flat_map(|download| &download.holds);
            let mut fetched: Vec<PathBuf> = held().map(|held| held.name.clone().into()).collect();
            read.sort();
            fetched.sort();
            assert_eq!(read, fetched);
            let packed = set.downloads.iter().map(|download| &download.sha256);
            for checksum in packed.chain(held().map(|held| &held.sha256)) {
                let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
                assert!(checksum.len() == 64 && checksum.chars().all(digit));
            }
        }
    }
}
