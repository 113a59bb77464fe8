//! Image sets: from folders as they may be, and the shipped ones as they are.

use scurve::error::Error;
use scurve::seed::Seed;
use scurve::task::image::{ImageSet, ImageSources, Mirror, Normalisation};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

const NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

fn sets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sets")
}

/// Nothing but the user's folder.
fn only(folder: &Path) -> ImageSources {
    ImageSources {
        folder: Some(folder.into()),
        packages: "/nowhere".into(),
        cache: "/nowhere".into(),
        shipped: None,
        online: None,
    }
}

fn idx(dims: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, dims.len() as u8];
    dims.iter().for_each(|d| file.extend(d.to_be_bytes()));
    file.extend(bytes);
    file
}

/// A set of 3 + 2 images of 2 × 2 in `folder`.
fn write_small(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let files = [
        idx(&[3, 2, 2], &(0..12).collect::<Vec<u8>>()),
        idx(&[3], &[0, 9, 1]),
        idx(&[2, 2, 2], &[255; 8]),
        idx(&[2], &[5, 5]),
    ];
    for (name, bytes) in NAMES.iter().zip(files) {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

fn message(result: Result<impl std::fmt::Debug, Error>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn shipped_sets_are_the_official_files() {
    for (set, sizes, shape, white) in [
        (ImageSet::FashionMnist6k, (5000, 1000), [1, 28, 28], 255),
        (ImageSet::Digits8x8, (1437, 360), [1, 8, 8], 16),
    ] {
        let data = set.load().unwrap();
        assert!(data.official);
        assert_eq!((data.train.len(), data.test.len()), sizes);
        assert_eq!((data.train.shape(), data.train.white), (shape, white));
        assert_eq!(data.train.pixels.iter().max(), Some(&white));
        let table = data.table().unwrap();
        assert_eq!(
            table.f64s("images").unwrap(),
            [sizes.0 as f64, sizes.1 as f64]
        );
    }
    let fashion = ImageSet::FashionMnist6k.load().unwrap();
    assert_eq!(
        (fashion.train.counts(), fashion.test.counts()),
        (vec![500; 10], vec![100; 10])
    );
    // Python, in whole numbers: mean and standard deviation of the training pixels over 255.
    let scale = Normalisation::of(&fashion.train).unwrap();
    assert!(
        (scale.mean[0] - 0.287346454582).abs() < 1e-9
            && (scale.deviation[0] - 0.354379716322).abs() < 1e-9
    );
}

#[test]
fn a_users_folder_is_read_as_it_is_and_noted_as_not_official() {
    let folder = tempfile::tempdir().unwrap();
    for place in [folder.path().join("mnist"), folder.path().to_path_buf()] {
        write_small(&place);
        let data = only(folder.path()).load(ImageSet::Mnist).unwrap();
        assert!(!data.official);
        assert_eq!(
            (data.train.labels.as_slice(), data.test.len()),
            (&[0, 9, 1][..], 2)
        );
        assert_eq!(data.train.pixels[[2, 0, 1, 0]], 10);
        fs::remove_dir_all(folder.path().join("mnist")).ok();
    }
    // A folder for the torchvision loader.
    let raw = folder.path().join("FashionMNIST/raw");
    for name in NAMES {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    write_small(&raw);
    assert_eq!(
        only(folder.path())
            .load(ImageSet::FashionMnist)
            .unwrap()
            .folder,
        raw
    );
}

#[test]
fn files_that_do_not_fit_are_refused_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let load = || message(only(folder.path()).load(ImageSet::Mnist));
    let put =
        |name: usize, bytes: Vec<u8>| fs::write(folder.path().join(NAMES[name]), bytes).unwrap();
    let refused = |name: usize, bytes: Vec<u8>, part: &str| {
        write_small(folder.path());
        put(name, bytes);
        let message = load();
        assert!(
            message.contains(part) && message.contains(NAMES[name]),
            "{message}"
        );
    };
    refused(0, idx(&[3], &[1, 2, 3]), "magic number 2051"); // labels as images
    refused(1, idx(&[3, 1, 1], &[0; 3]), "magic number 2049"); // images as labels
    refused(1, idx(&[4], &[0; 4]), "the images beside it are 3");
    refused(1, idx(&[3], &[0, 10, 1]), "label 1 is 10");
    refused(0, idx(&[3, 2, 2], &[0; 11]), "holds 11 of 12 bytes");
    refused(3, idx(&[2], &[0; 3]), "goes on after its last");
    refused(2, b"not an image".to_vec(), "begins with");
    refused(
        0,
        vec![0x1f, 0x8b, 8, 0, 1, 2],
        "gzip data is damaged or cut",
    );
    write_small(folder.path());
    put(2, idx(&[2, 3, 2], &[0; 12]));
    assert!(load().contains("its test images are [1, 3, 2]"));
    fs::remove_file(folder.path().join(NAMES[1])).unwrap();
    assert!(load().contains("lacks train-labels-idx1-ubyte"));
    let nowhere = only(&folder.path().join("none"));
    assert!(message(nowhere.load(ImageSet::Mnist)).contains("a folder with image sets"));
}

/// A compressed file that is cut, or that goes on after its end.
#[test]
fn damaged_gzip_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let from = sets().join("fashion-mnist-6k");
    let name = |i: usize| format!("{}.gz", NAMES[i]);
    for i in 0..4 {
        fs::copy(from.join(name(i)), folder.path().join(name(i))).unwrap();
    }
    let load = || only(folder.path()).load(ImageSet::FashionMnist);
    assert!(
        message(load()).contains("is a file of fashion-mnist-6k, and fashion-mnist was asked for")
    );
    let whole = fs::read(from.join(name(0))).unwrap();
    let write = |bytes: &[u8]| fs::write(folder.path().join(name(0)), bytes).unwrap();
    write(&whole[..whole.len() - 4]); // without the length at its end
    assert!(message(load()).contains("gzip data is damaged or cut"));
    write(&[&whole[..], b"and more"].concat());
    assert!(message(load()).contains("gzip data is damaged or cut"));
    let mut changed = whole.clone();
    changed[1_000_000] ^= 1;
    write(&changed);
    assert!(load().is_err());
}

#[test]
fn cifar_is_read_from_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("cifar-10-batches-bin");
    fs::create_dir(&place).unwrap();
    let record = |label: u8, fill: u8| [vec![label], vec![fill; 3072]].concat();
    for i in 1..=5u8 {
        let bytes = [record(i, i), record(9, 10 * i)].concat();
        fs::write(place.join(format!("data_batch_{i}.bin")), bytes).unwrap();
    }
    let load = |set: ImageSet| only(folder.path()).load(set);
    assert!(message(load(ImageSet::Cifar10)).contains("lacks test_batch.bin"));
    fs::write(place.join("test_batch.bin"), record(0, 255)).unwrap();
    let data = load(ImageSet::Cifar10).unwrap();
    assert_eq!((data.train.len(), data.train.shape()), (10, [3, 32, 32]));
    assert_eq!(data.train.labels, [1, 9, 2, 9, 3, 9, 4, 9, 5, 9]);
    assert_eq!(data.train.pixels[[7, 2, 31, 31]], 40);
    fs::write(place.join("data_batch_3.bin"), &record(1, 1)[..3000]).unwrap();
    let why = message(load(ImageSet::Cifar10));
    assert!(
        why.contains("data_batch_3.bin") && why.contains("3000 of 3073"),
        "{why}"
    );

    let hundred = |coarse: u8, fine: u8| [vec![coarse, fine], vec![7; 3072]].concat();
    fs::write(folder.path().join("train.bin"), hundred(19, 98)).unwrap();
    fs::write(folder.path().join("test.bin"), hundred(3, 4)).unwrap();
    assert_eq!(load(ImageSet::Cifar100).unwrap().train.labels, [98]);
    let coarse = load(ImageSet::Cifar100Coarse).unwrap();
    assert_eq!((coarse.test.labels[0], coarse.test.classes), (3, 20));
}

#[test]
fn a_missing_set_names_the_ways_to_get_it_and_no_other_set_stands_in() {
    let folder = tempfile::tempdir().unwrap();
    let sources = ImageSources {
        packages: folder.path().join("packages"),
        cache: folder.path().join("cache"),
        shipped: Some(sets()),
        online: Some(Mirror::At(format!("file://{}", folder.path().display()))),
        ..only(folder.path())
    };
    for set in [ImageSet::Mnist, ImageSet::FashionMnist, ImageSet::Cifar100] {
        let error = sources.load(set).unwrap_err();
        assert_eq!(error.exit_code(), 3);
        let why = error.to_string();
        for part in [
            "Three ways",
            "--data DIR",
            "package",
            "downloaded",
            "the download failed: ",
            "curl: (37)",
        ] {
            assert!(why.contains(part), "{part}: {why}");
        }
    }
    assert!(sources.load(ImageSet::FashionMnist6k).is_ok());
    let outside = ImageSources {
        shipped: None,
        ..sources
    };
    let why = message(outside.load(ImageSet::Digits8x8));
    assert!(
        why.contains("not inside the project") && why.contains("data/sets/digits-8x8"),
        "{why}"
    );
    // A package's folder with other files than the official ones.
    write_small(&outside.packages.join("fashion-mnist"));
    assert!(message(outside.load(ImageSet::FashionMnist)).contains("has another SHA-256"));
}

/// Needs the whole set; without it there is nothing to measure.
#[test]
fn the_whole_of_fashion_mnist_loads_within_a_second() {
    let sources = ImageSources {
        online: None,
        ..ImageSources::from_env()
    };
    let begin = Instant::now();
    match sources.load(ImageSet::FashionMnist) {
        Err(Error::Missing { .. }) => eprintln!("skipped: fashion-mnist is not on this machine"),
        Err(e) => panic!("{e}"),
        Ok(data) => {
            let seconds = begin.elapsed().as_secs_f64();
            assert_eq!(
                (data.train.counts(), data.test.counts()),
                (vec![6000; 10], vec![1000; 10])
            );
            assert!(data.official);
            eprintln!("70,000 images in {seconds:.2} s");
            assert!(seconds < 1.0, "{seconds} s");
            // What ships is the first 500 of each class.
            let small = ImageSet::FashionMnist6k.load().unwrap().train;
            for class in 0..10 {
                let large = data.train.of_classes(&[class]).unwrap();
                assert_eq!(
                    large.first(500).unwrap(),
                    small.of_classes(&[class]).unwrap()
                );
            }
        }
    }
}

#[test]
fn nearest_mean_of_balanced_digits_is_right_far_above_chance() {
    let data = ImageSet::Digits8x8.load().unwrap();
    let train = data.train.balanced(50, Seed(0)).unwrap();
    let scale = Normalisation::of(&train).unwrap();
    let means = train.one_hot().t().dot(&train.rows(&scale).unwrap()) / 50.0;
    let test = data.test.rows(&scale).unwrap();
    let right = test
        .rows()
        .into_iter()
        .zip(&data.test.labels)
        .filter(|(row, label)| {
            let distance = |mean: ndarray::ArrayView1<f64>| (row - &mean).mapv(|d| d * d).sum();
            let distances: Vec<f64> = means.rows().into_iter().map(distance).collect();
            let nearest = (0..10).min_by(|a, b| distances[*a].total_cmp(&distances[*b]));
            nearest == Some(usize::from(**label))
        });
    let share = right.count() as f64 / data.test.len() as f64;
    assert!(share > 0.8 && share < 1.0, "{share}");
}
