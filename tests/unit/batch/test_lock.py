import os
import subprocess
import sys

import pytest

from au_detect.batch.lock import locked_folder
from au_detect.errors import InputError

pytest.importorskip("fcntl")
IN_USE = "out must not be in use by another batch"


@pytest.mark.parametrize("shards", [(None, None), ("1/2", "1/2"), (None, "1/2"), ("1/2", None)])
def test_a_folder_in_use_is_refused(tmp_path, shards):
    with (
        locked_folder(str(tmp_path), shards[0]),
        pytest.raises(InputError, match=IN_USE),
        locked_folder(str(tmp_path), shards[1]),
    ):
        pass
    assert os.listdir(tmp_path) == []


def test_different_shards_share_it_and_the_last_one_tidies_up(tmp_path):
    with locked_folder(str(tmp_path), "1/2"):
        with locked_folder(str(tmp_path), "2/2"):
            pass
        with pytest.raises(InputError, match=IN_USE), locked_folder(str(tmp_path), None):
            pass
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_it_is_free_again_after_an_error_and_after_a_kill(tmp_path):
    with pytest.raises(ValueError, match="x"), locked_folder(str(tmp_path), None):
        raise ValueError("x")
    code = (
        "import os, sys; from au_detect.batch.lock import locked_folder\n"
        "with locked_folder(sys.argv[1], None): os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -9
    with locked_folder(str(tmp_path), None):
        pass
    assert os.listdir(tmp_path) == []
