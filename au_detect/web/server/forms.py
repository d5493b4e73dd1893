"""What requests hold, as their documentation (OpenAPI) says it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Form, Path
from pydantic import BaseModel, Field

from au_detect.web.server.options import AnalysisOptions

JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="id of a job and its result")]

Smooth = Literal["around", "past", "none"]
Share = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
_NEUTRAL = (
    '"auto", "first", "median", "none", or a frame number from 0; of single faces: "auto 1:20"'
)
_THRESHOLD = '"0.5" for all action units, or "AU12:0.5 AU4:0.3"'


async def options_of(
    neutral: Annotated[str, Form(max_length=200, description=_NEUTRAL)] = "auto",
    max_faces: Annotated[int, Form(ge=1, le=20)] = 1,
    min_face: Annotated[
        float | None, Form(ge=8, le=2000, allow_inf_nan=False, description="px between the eyes")
    ] = None,
    threshold: Annotated[str | None, Form(max_length=400, description=_THRESHOLD)] = None,
    fps: Annotated[float | None, Form(gt=0, le=1000, allow_inf_nan=False)] = None,
    smooth: Annotated[Smooth, Form()] = "around",
    independent: Annotated[bool, Form(description="pictures that are no sequence")] = False,
    annotate: Annotated[bool, Form(description="make an annotated copy")] = False,
    crop: Annotated[bool, Form(description="thumbnails of the faces")] = False,
    emotions: Annotated[bool, Form()] = True,
    top: Annotated[int, Form(ge=1, le=24)] = 5,
) -> AnalysisOptions:
    """Return the options of an analysis from the fields of a form."""
    return AnalysisOptions(
        neutral=neutral, max_faces=max_faces, min_face=min_face, threshold=threshold, fps=fps,
        smooth=smooth, independent=independent, annotate=annotate, crop=crop, emotions=emotions,
        top=top,
    )  # fmt: skip


class RescoreRequest(BaseModel):
    """How a result is scored anew, from what was measured: no picture is needed.

    Thresholds, smoothing and how many are ranked stay as they were unless they are given.
    """

    neutral: str = Field("auto", max_length=200, description=_NEUTRAL)
    leave_out: str = Field("", max_length=400, description='frames such as "10-20 35"')
    threshold: str | None = Field(None, max_length=400, description=_THRESHOLD)
    smooth: Smooth | None = None
    top: int | None = Field(None, ge=1, le=24)


class Feedback(BaseModel):
    """What a user says of one action unit or emotion of one face in one frame."""

    id: str = Field(pattern="^[0-9a-f]{32}$", description="of the result")
    face: int = Field(0, ge=0, le=1_000_000)
    frame: int = Field(0, ge=0, le=10_000_000)
    target: str = Field(pattern="^(AU[0-9]{2}|[a-z]{2,20})$", description='"AU12", or an emotion')
    right: bool = Field(description="whether the decision is right")
    correction: str | None = Field(
        None,
        pattern="^(absent|present|[A-E]|AU[0-9]{2}|[a-z]{2,20})$",
        description='what it is: "absent", "present", "A" to "E", another "AU14", or an emotion',
    )
    subject: str | None = Field(
        None, pattern="^[A-Za-z0-9_.-]{1,60}$", description="whose face it is"
    )


class Login(BaseModel):
    """The token, given once by the page."""

    token: str = Field(max_length=200)


class Problem(BaseModel):
    """Why something was refused."""

    detail: str


class JobState(BaseModel):
    """How far a job is."""

    id: str
    name: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    frames_done: int
    frames: int | None
    status: int | None = Field(description="of the answer that says why it failed")
    reason: str | None
    created_s: float
    made: list[str] = Field(description='pictures to fetch: "annotated", "crops", "report"')
    neutral: str
    of: str | None = Field(description="id of the result that was scored anew")


REFUSALS: dict[int | str, dict[str, object]] = {
    status: {"model": Problem}
    for status in (400, 401, 403, 404, 409, 413, 415, 422, 429, 499, 500, 504)
}
