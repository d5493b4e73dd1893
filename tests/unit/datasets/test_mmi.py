"""MMI in the documented format."""

import numpy as np
import pytest

from au_detect.datasets.loading import read_collection
from au_detect.datasets.mmi import read_mmi

CODES = """<?xml version="1.0"?>
<ActionUnitCoding xmlns="http://example.org/mmi">
 <ActionUnit Number="12">
  <Marker Frame="11" Type="Onset"/><Marker Frame="21" Type="Apex"/>
  <Marker Frame="31" Type="Offset"/><Marker Frame="41" Type="Neutral"/>
 </ActionUnit>
 <ActionUnit Number="45"><Marker Frame="5" Type="Apex"/><Marker Frame="7" Type="Neutral"/></ActionUnit>
</ActionUnitCoding>
"""  # noqa: E501


@pytest.fixture
def mmi(tmp_path):
    session = tmp_path / "Sessions" / "1767"
    session.mkdir(parents=True)
    (session / "S001-001.avi").write_bytes(b"")
    (session / "session.xml").write_text('<session><subject id="7"/></session>')
    (session / "S001-001-oao_aucs.xml").write_text(CODES)
    return tmp_path


def test_from_apex_to_offset_an_au_is_present(mmi):
    assert read_collection(mmi).kind == "MMI"
    collection = read_mmi(mmi, "all")
    assert not collection.problems
    smile = {record.apex: record.aus.get(12) for record in collection.records}
    assert [smile[i] for i in (0, 9, 10, 19)] == [0, 0, None, None]  # on the way: not coded
    assert all(np.isnan(smile[i]) for i in (20, 29))  # present, nobody said how strongly
    assert [smile[i] for i in (30, 39, 40)] == [None, None, 0]
    first = collection.records[0]
    assert first.subject == "7"
    assert first.aus[4] == 0  # not listed: absent
    assert np.isnan(next(r for r in collection.records if r.apex == 4).aus[45])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "must not declare a document type"),
        ("<a>", "must be XML"),
        ("<a/>", "action units with markers, got none"),
        ('<a><ActionUnit Number="x"/></a>', "must have a Number, got 'x'"),
        ('<a><ActionUnit Number="1"><Marker Frame="1" Type="top"/></ActionUnit></a>', "'top'"),
    ],
)
def test_codes_that_cannot_be_read_are_named(mmi, content, message):
    (mmi / "Sessions" / "1767" / "S001-001-oao_aucs.xml").write_text(content)
    collection = read_mmi(mmi)
    assert not collection.records
    assert message in str(collection.problems[0])


def test_codes_that_are_too_large_are_not_read(mmi, monkeypatch):
    monkeypatch.setattr("au_detect.datasets.distributed.LARGEST_XML_BYTES", 10)
    assert "must have at most 10 bytes" in str(read_mmi(mmi).problems[0])
