"""``au-detect appearance``: emotion networks that learn from pictures, to compare with.

Parsing and printing only, like `au_detect.cli.main`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from au_detect.appearance.networks import NETWORKS
from au_detect.cli.options import Raw
from au_detect.cli.printing import say, say_lines

PICTURES_HELP = (
    "fer2013.csv, a folder with a folder of pictures for each emotion, or .npz with images "
    "(n, 48, 48), labels and names, such as `au-detect simulate --emotions` writes"
)


def add_appearance_command(commands: Any) -> None:
    """Add ``appearance`` and what it does."""
    appearance = commands.add_parser(
        "appearance", help="emotion networks that learn from pixels, to compare with",
        description="Train networks that tell emotions from the pixels of a face, judge them on "
        "pictures that they never saw, ask them, and look at what their layers see. Detection "
        "needs none of it.",
        epilog="examples:\n  au-detect appearance train fer2013.csv --network medium --out medium"
        "\n  au-detect appearance predict medium clip.mp4 --out emotions.csv"
        "\n  au-detect appearance layers medium face.png --out layers",
        formatter_class=Raw,
    )  # fmt: skip
    actions = appearance.add_subparsers(
        required=True, metavar="ACTION", help="what to do; each has its own --help"
    )
    _add_train(actions)
    _add_judge(actions)
    _add_predict(actions)
    _add_layers(actions)


def _add_train(actions: Any) -> None:
    train = actions.add_parser("train", help="learn emotions from pictures of faces")
    train.set_defaults(command=_train)
    train.add_argument("data", type=Path, metavar="DATA", help=PICTURES_HELP)
    train.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the network's folder"
    )
    train.add_argument("--network", choices=tuple(NETWORKS), default="medium",
                       help="its layers (default: %(default)s)")  # fmt: skip
    train.add_argument("--augment", action="store_true",
                       help="learn from mirrored and moved copies")  # fmt: skip
    train.add_argument("--spoil", action="store_true",
                       help="learn from copies that other cameras could have taken: in other "
                       "light, covered, blurred, noisy")  # fmt: skip
    train.add_argument("--equalise", action="store_true", help="equalise histograms")
    train.add_argument("--classes", type=int, choices=(6, 7), metavar="6|7",
                       help="6 counts disgust as anger (default: as they are)")  # fmt: skip
    train.add_argument("--epochs", type=int, default=100, metavar="N",
                       help="at most (default: %(default)s)")  # fmt: skip
    train.add_argument("--minutes", type=float, metavar="N",
                       help="end with the epoch in which they are over")  # fmt: skip
    train.add_argument("--batch-size", type=int, default=64, metavar="N",
                       help="(default: %(default)s)")  # fmt: skip
    train.add_argument("--learning-rate", type=float, default=0.01, metavar="RATE",
                       help="of Adam; halved after 25 epochs without a gain "
                       "(default: %(default)s)")  # fmt: skip
    train.add_argument("--falling-rate", action="store_true",
                       help="let it fall to nothing over --epochs instead, for short "
                       "trainings")  # fmt: skip
    train.add_argument("--dropout", type=float, default=0.5, metavar="SHARE",
                       help="(default: %(default)s)")  # fmt: skip
    train.add_argument("--l2", type=float, default=1e-4, metavar="WEIGHT",
                       help="of squared weights (default: %(default)s)")  # fmt: skip
    train.add_argument("--share", type=float, default=1.0, metavar="SHARE",
                       help="of the pictures that training and validation see "
                       "(default: all)")  # fmt: skip
    train.add_argument("--start-from", type=Path, metavar="DIR",
                       help="a network whose convolutions are the start")  # fmt: skip
    train.add_argument("--keep-blocks", type=int, default=0, metavar="N",
                       help="of its blocks stay as they are (default: %(default)s)")  # fmt: skip
    train.add_argument("--work", type=Path, metavar="DIR",
                       help="keeps progress.csv and the last epoch's state; a run that was cut off "
                       "goes on from there (default: DIR.training)")  # fmt: skip
    train.add_argument("--seed", type=int, default=0, metavar="N",
                       help="of weights, copies and parts (default: %(default)s)")  # fmt: skip


def _add_judge(actions: Any) -> None:
    judge = actions.add_parser("judge", help="how well a network tells emotions in pictures")
    judge.set_defaults(command=_judge)
    judge.add_argument("network", type=Path, metavar="NETWORK", help="the network's folder")
    judge.add_argument("data", type=Path, metavar="DATA", help=PICTURES_HELP)
    judge.add_argument(
        "--part", choices=("all", "training", "validation", "test"), default="all",
        help="of the data, as training with --seed divides it (default: %(default)s)",
    )  # fmt: skip
    judge.add_argument("--seed", type=int, default=0, metavar="N",
                       help="of the parts (default: %(default)s)")  # fmt: skip


def _add_predict(actions: Any) -> None:
    predict = actions.add_parser(
        "predict", help="what a network says of the faces in pictures, sequences and videos"
    )
    predict.set_defaults(command=_predict)
    predict.add_argument("network", type=Path, metavar="NETWORK", help="the network's folder")
    predict.add_argument("inputs", nargs="+", metavar="INPUT", help="picture, folder or video")
    predict.add_argument("--out", type=Path, default=Path("au_detect_emotions.csv"),
                         metavar="FILE", help="(default: %(default)s)")  # fmt: skip


def _add_layers(actions: Any) -> None:
    layers = actions.add_parser(
        "layers", help="what a network's layers see: maps of a picture, and pictures that please"
    )
    layers.set_defaults(command=_layers)
    layers.add_argument("network", type=Path, metavar="NETWORK", help="the network's folder")
    layers.add_argument("picture", type=Path, metavar="PICTURE", help="of a face")
    layers.add_argument("--out", type=Path, default=Path("au_detect_layers"), metavar="DIR",
                        help="(default: %(default)s)")  # fmt: skip
    layers.add_argument("--filters", type=int, default=16, metavar="N",
                        help="of each layer (default: %(default)s)")  # fmt: skip
    layers.add_argument("--seed", type=int, default=0, metavar="N",
                        help="of the noise (default: %(default)s)")  # fmt: skip


def _train(options: argparse.Namespace) -> int:
    from au_detect.appearance.emotion_judging import judged_text
    from au_detect.appearance.emotion_training import EmotionTraining, train_emotion_network
    from au_detect.appearance.picture_files import read_labelled_pictures
    from au_detect.appearance.pictures import seven_or_six, with_share

    pictures = read_labelled_pictures(options.data)
    if options.classes is not None:
        pictures = seven_or_six(pictures, options.classes)
    pictures = with_share(pictures, options.share, options.seed)
    training = EmotionTraining(
        network=options.network,
        augment=options.augment,
        spoil=options.spoil,
        equalise=options.equalise,
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        falling_rate=options.falling_rate,
        dropout=options.dropout,
        l2=options.l2,
        minutes=options.minutes,
        start=None if options.start_from is None else str(options.start_from),
        kept_blocks=options.keep_blocks,
        random_state=options.seed,
    )
    source = {"collection": options.data.name, "share": options.share, "n": pictures.shares()}
    judged = train_emotion_network(
        pictures, options.out, training, source=source, work=options.work
    )
    say_lines(judged_text(judged))
    say(f"network, judged.json and progress.csv -> {options.out}")
    return 0


def _judge(options: argparse.Namespace) -> int:
    from au_detect.appearance.emotion_judging import judge_emotions, judged_text
    from au_detect.appearance.emotion_network import load_emotion_network
    from au_detect.appearance.picture_files import read_labelled_pictures

    network = load_emotion_network(options.network)
    pictures = read_labelled_pictures(options.data)
    if options.part != "all":
        pictures = pictures.divided(options.seed)[options.part]
    pictures = pictures.with_emotions(network.emotions)
    found = network.predict_proba(pictures.images)
    say_lines(judged_text(judge_emotions(found, pictures.labels, network.emotions)))
    return 0


def _predict(options: argparse.Namespace) -> int:
    from au_detect.appearance.emotion_frames import emotion_table
    from au_detect.appearance.emotion_network import load_emotion_network
    from au_detect.results.files import check_is_no_input, write_atomically
    from au_detect.results.tables import table_as_csv

    check_is_no_input(options.out, options.inputs, "--out")
    network = load_emotion_network(options.network)
    table = emotion_table(network, options.inputs)
    write_atomically(options.out, table_as_csv(table, ["input", "emotion"]))
    say(f"{len(table)} frames, a face in {int(table['success'].sum())} -> {options.out}")
    return 0


def _layers(options: argparse.Namespace) -> int:
    from au_detect.appearance.layer_views import write_layer_views
    from au_detect.appearance.picture_files import as_small
    from au_detect.frames.pictures import read_picture

    picture = as_small(read_picture(options.picture))
    written = write_layer_views(
        options.network, picture, options.out, n_filters=options.filters, random_state=options.seed
    )
    for path in written:
        say(f"-> {path}")
    return 0
