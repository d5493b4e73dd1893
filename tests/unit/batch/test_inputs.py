"""Which inputs a tree, a pattern, a list or paths make, and how they are named and shared out."""

import os
from pathlib import Path

import pytest

from au_detect.batch.inputs import BatchInput, find_inputs, in_shard
from au_detect.errors import InputError

PNG = b"\x89PNG\r\n\x1a\n"
MP4 = b"\0\0\0\x20ftypisom"


def make(folder: Path, *names: str, content: bytes = b"") -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def names(sources, **options) -> list[str]:
    return [item.name for item in find_inputs(sources, **options)]


# Trees


def test_a_tree_has_its_videos_and_its_folders_of_pictures(tmp_path):
    make(tmp_path, "a/clip.mp4", "a/CLIP.MOV", "b/frames/1.png", "b/frames/2.png", "c/notes.md")
    found = find_inputs(tmp_path)
    assert [item.name for item in found] == ["a/CLIP.MOV", "a/clip.mp4", "b/frames"]
    assert [item.source for item in found] == [str(tmp_path / item.name) for item in found]
    assert {item.neutral for item in found} == {"auto"}


def test_files_without_a_known_ending_are_known_by_their_first_bytes(tmp_path):
    make(tmp_path, "film", "film.dat", content=MP4)
    make(tmp_path, "people/subject01.happy", content=PNG)
    make(tmp_path, "songs/music.m4a", content=b"\0\0\0\x20ftypM4A ")
    make(tmp_path, "texts/readme", content=b"hello")
    assert names(tmp_path) == ["film", "film.dat", "people"]


def test_an_ending_promises_a_video_or_a_picture(tmp_path):
    make(tmp_path, "broken.mp4", "shots/broken.jpg")
    assert names(tmp_path) == ["broken.mp4", "shots"]


def test_a_picture_kind_that_is_not_supported_is_an_input_that_will_say_so(tmp_path):
    make(tmp_path, "phone/1.heic", content=b"\0\0\0\x18ftypheic")
    assert names(tmp_path) == ["phone"]


def test_numbers_in_names_count_by_value(tmp_path):
    make(tmp_path, *(f"s{i}/v{j}.mp4" for i in (10, 2) for j in (10, 9, 1)))
    assert names(tmp_path) == [f"s{i}/v{j}.mp4" for i in (2, 10) for j in (1, 9, 10)]


def test_hidden_files_and_folders_are_left_out(tmp_path):
    make(tmp_path, "a.mp4", ".b.mp4", ".cache/c.mp4", "d/.e.png")
    assert names(tmp_path) == ["a.mp4"]


def test_pictures_in_the_tree_itself_have_a_name_that_no_entry_has(tmp_path):
    make(tmp_path, "faces/1.png")
    assert names(tmp_path / "faces") == ["faces"]
    make(tmp_path, "faces/faces/1.png")
    assert names(tmp_path / "faces") == ["_faces", "faces"]


def test_equal_file_names_do_not_clash(tmp_path):
    make(tmp_path, "a/x.mp4", "b/x.mp4", "b/x.avi", "b/x/1.png")
    assert names(tmp_path) == ["a/x.mp4", "b/x.avi", "b/x.mp4", "b/x"]


def test_links_that_lead_back_end_and_a_folder_counts_once(tmp_path):
    make(tmp_path, "real/clip.mp4")
    (tmp_path / "real" / "up").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "real")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    assert names(tmp_path) == ["real/clip.mp4"]


def test_a_link_to_a_folder_elsewhere_is_followed(tmp_path):
    make(tmp_path, "store/clip.mp4", "study/other.mp4")
    (tmp_path / "study" / "linked").symlink_to(tmp_path / "store")
    assert names(tmp_path / "study") == ["other.mp4", "linked/clip.mp4"]


def test_a_broken_link_with_a_videos_name_is_an_input(tmp_path):
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere")
    assert names(tmp_path) == ["gone.mp4"]


def test_a_folder_that_may_not_be_read_is_an_input_that_will_say_so(tmp_path, monkeypatch):
    make(tmp_path, "a.mp4", "secret/b.mp4")
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert names(tmp_path) == ["a.mp4", "secret"]


def test_unusual_names_pass_unchanged(tmp_path):
    unusual = [
        'a b/it\'s "ä" 顔.mp4',
        "=1+1.mp4",
        "-x.mp4",
        "new\nline.mp4",
        os.fsdecode(b"\xff.mp4"),
    ]
    make(tmp_path, *unusual)
    assert sorted(names(tmp_path)) == sorted(unusual)


@pytest.mark.parametrize("content", ["nothing", "texts"])
def test_a_tree_without_inputs_is_refused(tmp_path, content):
    if content == "texts":
        make(tmp_path, "a.txt", "b/c.csv")
    with pytest.raises(InputError, match="must hold videos or pictures, got none"):
        find_inputs(tmp_path)


# Patterns, files and several sources


def test_a_pattern_names_inputs_below_its_fixed_part(tmp_path):
    make(tmp_path, "s1/a.mp4", "s2/deep/b.mp4", "s2/c.avi", "s3/1.png")
    assert names(f"{tmp_path}/**/*.mp4") == ["s1/a.mp4", "s2/deep/b.mp4"]
    assert names(f"{tmp_path}/s*") == ["s1/a.mp4", "s2/c.avi", "s2/deep/b.mp4", "s3"]
    assert names(f"{tmp_path}/s[13]/*") == ["s1/a.mp4", "s3/1.png"]


def test_what_a_shell_makes_of_a_pattern_is_named_alike(tmp_path):
    make(tmp_path, "s1/a.mp4", "s2/b.mp4")
    assert names([tmp_path / "s1/a.mp4", tmp_path / "s2/b.mp4"]) == names(f"{tmp_path}/*/*.mp4")
    assert names([tmp_path / "s1/a.mp4"]) == names(tmp_path / "s1/a.mp4") == ["a.mp4"]


def test_several_trees_keep_their_names(tmp_path):
    make(tmp_path, "one/x.mp4", "two/x.mp4")
    assert names([tmp_path / "one", tmp_path / "two"]) == ["one/x.mp4", "two/x.mp4"]


def test_a_path_that_looks_like_a_pattern_is_taken_as_it_is(tmp_path):
    make(tmp_path, "a[1].mp4", "a1.mp4")
    assert names(tmp_path / "a[1].mp4") == ["a[1].mp4"]


def test_paths_given_twice_count_once(tmp_path):
    make(tmp_path, "a.mp4", "b.mp4")
    given = [tmp_path / "a.mp4", tmp_path / "b.mp4", f"{tmp_path}/./a.mp4"]
    assert names(given) == ["a.mp4", "b.mp4"]


def test_two_inputs_of_one_name_are_refused(tmp_path):
    make(tmp_path, "lists/x.txt", content=f"{tmp_path.as_posix()[1:]}/a.mp4\n../a.mp4".encode())
    with pytest.raises(InputError, match=r"must not both be named .*a\.mp4: move the list"):
        find_inputs(tmp_path / "lists" / "x.txt")


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ("missing", "missing does not exist"),
        (["missing"], "missing does not exist"),
        ("no/*.mp4", "must hold videos or pictures, got none"),
        ([], "sources must hold videos or pictures, got none"),
        ("", "sources must be a path, got ''"),
        ("a\0b", "sources must be a path"),
        ([b"a"], "sources must be paths as text, got bytes"),
    ],
)
def test_sources_that_are_none(sources, message):
    with pytest.raises(InputError, match=message):
        find_inputs(sources)


# Lists


def test_a_text_list_has_a_path_on_each_line(tmp_path):
    make(tmp_path, "list.txt", content="﻿b.mp4\r\n\n# note\nsub/a b.mp4\nframes\n".encode())
    found = find_inputs(tmp_path / "list.txt", neutral="median")
    assert [item.name for item in found] == ["b.mp4", "sub/a b.mp4", "frames"]
    assert found[1] == BatchInput(str(tmp_path / "sub" / "a b.mp4"), "sub/a b.mp4", "median")


def test_a_table_may_bring_the_neutral_of_each_input(tmp_path):
    rows = "id,input,neutral\n1,a.mp4,\n2,b.mp4,first\n3,c.mp4,12\n4,d.mp4,none\n5,e.mp4,rest/e.png"
    make(tmp_path, "list.csv", content=rows.encode())
    found = find_inputs(tmp_path / "list.csv", neutral="median")
    neutral = [item.neutral for item in found]
    assert neutral == ["median", "first", 12, None, str(tmp_path / "rest" / "e.png")]


def test_a_table_without_neutrals_will_do(tmp_path):
    make(tmp_path, "list.csv", content=b'input\n"a, ""b"".mp4"\n\n')
    assert names(tmp_path / "list.csv") == ['a, "b".mp4']


def test_listed_paths_outside_the_lists_folder_keep_their_whole_path(tmp_path):
    make(tmp_path, "lists/today.txt", content=f"../a.mp4\n{tmp_path}/b.mp4\n".encode())
    below_root = str(tmp_path).lstrip("/")
    assert names(tmp_path / "lists/today.txt") == [f"{below_root}/a.mp4", f"{below_root}/b.mp4"]


def test_names_do_not_depend_on_the_other_lines(tmp_path):
    make(tmp_path, "one.txt", content=b"deep/a.mp4\n")
    make(tmp_path, "two.txt", content=b"deep/a.mp4\nb.mp4\n../c.mp4")
    assert names(tmp_path / "one.txt")[0] == names(tmp_path / "two.txt")[0] == "deep/a.mp4"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.txt", b"# nothing\n\n", "x.txt must hold videos or pictures, got none"),
        ("x.csv", b"", "x.csv must have a column 'input', got None"),
        ("x.csv", b"path\na.mp4\n", r"must have a column 'input', got \['path'\]"),
        ("x.csv", b"input\n", "x.csv must hold videos or pictures, got none"),
        (
            "x.csv",
            b"input,neutral\na.mp4,1\na.mp4,2\n",
            "must be listed once, got it with neutral 1 and 2",
        ),
        ("x.txt", b"a\0.mp4\n", "line 1: a path must have no zero characters"),
    ],
)
def test_lists_that_are_none(tmp_path, name, content, message):
    make(tmp_path, name, content=content)
    with pytest.raises(InputError, match=message):
        find_inputs(tmp_path / name)


# Shards


def items(n: int) -> list[BatchInput]:
    return [BatchInput(f"v{i}.mp4", f"v{i}.mp4") for i in range(n)]


@pytest.mark.parametrize("n_shards", [1, 3, 10])
def test_every_input_is_in_exactly_one_shard_and_they_are_about_equal(n_shards):
    parts = [
        [in_shard(item, f"{k}/{n_shards}") for item in items(1000)] for k in range(1, n_shards + 1)
    ]
    assert [sum(column) for column in zip(*parts, strict=True)] == [1] * 1000
    sizes = [sum(part) for part in parts]
    assert max(sizes) - min(sizes) < 6 * (1000 / n_shards) ** 0.5  # as chance would have it


def test_a_shard_does_not_depend_on_where_the_tree_is(tmp_path):
    assert in_shard(BatchInput("/here/a.mp4", "a.mp4"), "1/2") == in_shard(
        BatchInput("there/a.mp4", "a.mp4", None), "1/2"
    )
    assert [in_shard(item, "2/3") for item in items(6)] == [False, False, False, True, False, False]


def test_without_a_shard_everything_is_in():
    assert all(in_shard(item, None) for item in items(3))


@pytest.mark.parametrize("shard", ["0/3", "4/3", "3", "1/0", "a/b", "-1/3", "1/3/5", "", 3])
def test_shards_that_are_none(shard):
    with pytest.raises(InputError, match=r'shard must be like "3/10", counted from 1, got'):
        in_shard(items(1)[0], shard)
