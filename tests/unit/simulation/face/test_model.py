import gzip
import json

import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.simulation.face.model import FaceModel, read_face_model

N_VERTICES = 80
NEUTRAL = np.arange(N_VERTICES * 3, dtype=float).reshape(N_VERTICES, 3) / 7
JAW = np.tile([0.0, -1.5, 0.25], (N_VERTICES, 1))
LONG = np.tile([0.0, 0.5, 0.0], (N_VERTICES, 1))
LANDMARKS = list(range(5, 73))


def make_model(n_identity=2, n_expression=3):
    rng = np.random.default_rng(0)
    return FaceModel(
        neutral=NEUTRAL.astype(np.float32),
        identity=rng.normal(size=(n_identity, N_VERTICES, 3)).astype(np.float32),
        expression=rng.normal(size=(n_expression, N_VERTICES, 3)).astype(np.float32),
        expression_names=tuple(f"shape{i}" for i in range(n_expression)),
        faces=np.array([[0, 1, 2, 3], [1, 2, 3, -1]], dtype=np.int32),
        face_uvs=np.array([[0, 1, 2, 3], [1, 2, 3, -1]], dtype=np.int32),
        uv=np.zeros((4, 2), dtype=np.float32),
        landmark_vertices=np.array(LANDMARKS),
        source_sha256="",
    )


def write_npz(path, **changes):
    model = make_model()
    arrays = {
        "neutral": model.neutral,
        "identity": model.identity.astype(np.float16),
        "expression": model.expression.astype(np.float16),
        "expression_names": np.array(model.expression_names),
        "faces": model.faces,
        "face_uvs": model.face_uvs,
        "uv": model.uv,
        "landmarks68": model.landmark_vertices,
    }
    arrays.update(changes)
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return model


def obj_text(vertices):
    lines = ["# a mesh", "mtllib x.mtl"]
    lines += ["v " + " ".join(f"{value:.6f}" for value in row) for row in vertices]
    lines += [
        "vt 0.1 0.2",
        "vt 0.3 0.4",
        "vt 0.5 0.6",
        "usemtl skin",
        "f 1/1 2/2 3/3 4/1",
        "f 2/1 3/2 4/3",
    ]
    return "\n".join(lines).encode()


def write_folder(folder, n_identity=100, expressions=("jawOpen",)):
    folder.mkdir()
    (folder / "generic_neutral_mesh.obj").write_bytes(obj_text(NEUTRAL))
    for i in range(n_identity):
        (folder / f"identity{i:03d}.obj").write_bytes(obj_text(NEUTRAL + LONG * (i + 1)))
    for name in expressions:
        (folder / f"{name}.obj.gz").write_bytes(gzip.compress(obj_text(NEUTRAL + JAW)))
    index = {"expressions": ["jawOpen"], "idx_to_landmark_verts": LANDMARKS}
    (folder / "vertex_indices.json").write_text(json.dumps(index))
    return folder


def test_vertices_add_identity_and_expression_to_the_neutral():
    model = make_model()
    expected = NEUTRAL + 2 * model.identity[1] - 0.5 * model.expression[2]
    vertices = model.vertices([0, 2], [0, 0, -0.5])
    assert vertices.dtype == np.float32
    np.testing.assert_allclose(vertices, expected, rtol=1e-5)


def test_landmarks_are_the_landmark_vertices_of_every_face():
    model = make_model()
    rng = np.random.default_rng(1)
    identity, expression = rng.normal(size=(4, 2)), rng.random((4, 3))
    expected = [
        model.vertices(i, e)[model.landmark_vertices]
        for i, e in zip(identity, expression, strict=True)
    ]
    landmarks = model.landmarks(identity, expression)
    assert landmarks.shape == (4, 68, 3)
    np.testing.assert_allclose(landmarks, expected, rtol=1e-5, atol=1e-5)


def test_wrong_numbers_of_coefficients_are_refused():
    model = make_model()
    with pytest.raises(InputError, match=r"identity must have shape \(n, 2\), got \(1, 3\)"):
        model.vertices(np.zeros(3), np.zeros(3))
    with pytest.raises(InputError, match=r"expression must have shape \(2, 3\), got \(1, 3\)"):
        model.landmarks(np.zeros((2, 2)), np.zeros((1, 3)))


def test_a_compact_file_is_read_as_written(tmp_path):
    written = write_npz(tmp_path / "face.npz")
    model = read_face_model(tmp_path / "face.npz")
    assert model.expression_names == ("shape0", "shape1", "shape2")
    assert (model.n_identity, model.n_expression) == (2, 3)
    np.testing.assert_array_equal(model.neutral, written.neutral)
    np.testing.assert_allclose(model.identity, written.identity, atol=2e-3)
    assert len(model.source_sha256) == 64


def test_bad_compact_files_are_refused(tmp_path):
    write_npz(tmp_path / "no_uv.npz", uv=None)
    with pytest.raises(InputError, match="must hold the array 'uv'"):
        read_face_model(tmp_path / "no_uv.npz")
    write_npz(tmp_path / "short.npz", identity=np.zeros((2, 3, 3)))
    with pytest.raises(InputError, match=r"identity must have shape \(n_identity, 80, 3\)"):
        read_face_model(tmp_path / "short.npz")
    write_npz(tmp_path / "pickled.npz", faces=np.array([{}], dtype=object))
    with pytest.raises(InputError, match=r"cannot be read as \.npz"):
        read_face_model(tmp_path / "pickled.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(InputError, match=r"cannot be read as \.npz"):
        read_face_model(tmp_path / "text.npz")
    with pytest.raises(InputError, match=r"must be an \.npz file or a folder"):
        read_face_model(tmp_path / "nowhere")


def test_a_folder_gives_displacements_from_the_neutral(tmp_path):
    model = read_face_model(write_folder(tmp_path / "kit", expressions=("jawOpen", "aExtra")))
    assert model.expression_names == ("aExtra", "jawOpen")
    assert model.n_identity == 100
    np.testing.assert_allclose(model.neutral, NEUTRAL, atol=1e-5)
    np.testing.assert_allclose(model.expression[1], JAW, atol=1e-5)
    np.testing.assert_allclose(model.identity[9], 10 * LONG, atol=1e-5)
    assert model.faces.tolist() == [[0, 1, 2, 3], [1, 2, 3, -1]]
    assert model.face_uvs.tolist() == [[0, 1, 2, 0], [0, 1, 2, -1]]
    np.testing.assert_allclose(model.uv, [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], rtol=1e-6)
    assert model.landmark_vertices.tolist() == LANDMARKS


def test_compression_does_not_change_a_folders_checksum(tmp_path):
    plain, packed = write_folder(tmp_path / "a", 1), write_folder(tmp_path / "b", 1)
    mesh = packed / "identity000.obj"
    (packed / "identity000.obj.gz").write_bytes(gzip.compress(mesh.read_bytes()))
    mesh.unlink()
    models = [read_face_model(folder, allow_missing=True) for folder in (plain, packed)]
    assert models[0].source_sha256 == models[1].source_sha256
    (packed / "jawOpen.obj.gz").write_bytes(gzip.compress(obj_text(NEUTRAL)))
    changed = read_face_model(packed, allow_missing=True)
    assert changed.source_sha256 != models[0].source_sha256


def test_missing_shapes_are_named_unless_allowed(tmp_path):
    folder = write_folder(tmp_path / "kit", n_identity=98, expressions=())
    message = (
        "must hold 101 shapes as OBJ files, got 98; missing: identity098, identity099, jawOpen"
    )
    with pytest.raises(InputError, match=message):
        read_face_model(folder)
    model = read_face_model(folder, allow_missing=True)
    assert model.n_identity == 98
    assert model.expression.shape == (0, N_VERTICES, 3)


def test_incomplete_folders_are_refused(tmp_path):
    folder = write_folder(tmp_path / "kit", n_identity=1)
    (folder / "identity000.obj").write_bytes(obj_text(NEUTRAL[:-1]))
    with pytest.raises(InputError, match="must hold 80 lines of 'v', got 79"):
        read_face_model(folder, allow_missing=True)
    (folder / "vertex_indices.json").write_text("{}")
    with pytest.raises(InputError, match="must list expressions and idx_to_landmark_verts"):
        read_face_model(folder)
    (folder / "vertex_indices.json").unlink()
    with pytest.raises(InputError, match=r"must come with vertex_indices\.json"):
        read_face_model(folder)
    (folder / "generic_neutral_mesh.obj").unlink()
    with pytest.raises(InputError, match=r"must hold generic_neutral_mesh\.obj"):
        read_face_model(folder)


def test_compact_file_and_folder_agree(evaluation_data):
    compact = read_face_model(evaluation_data / "face_model" / "ict_facekit.npz")
    folder = read_face_model(evaluation_data / "face_model" / "FaceXModel", allow_missing=True)
    assert set(folder.expression_names) == {"jawOpen", "mouthSmile_L"}
    np.testing.assert_allclose(folder.neutral, compact.neutral, atol=1e-5)
    np.testing.assert_allclose(folder.identity[0], compact.identity[0], atol=2e-3)
    for name, shape in zip(folder.expression_names, folder.expression, strict=True):
        same = compact.expression[compact.expression_names.index(name)]
        np.testing.assert_allclose(shape, same, atol=2e-3)
    np.testing.assert_array_equal(folder.faces, compact.faces)
    np.testing.assert_array_equal(folder.face_uvs, compact.face_uvs)
    np.testing.assert_array_equal(folder.landmark_vertices, compact.landmark_vertices)
