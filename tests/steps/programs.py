"""A step of every kind, with inputs, for tests that are about all programs."""

from __future__ import annotations

from buildledger.config.evaluation.evaluate import Context
from buildledger.config.grant import Grant
from buildledger.config.steps.checkout import CheckoutStep
from buildledger.config.steps.download import DownloadStep, Origin
from buildledger.config.steps.generate import GenerateStep
from buildledger.config.steps.kinds import Step
from buildledger.config.steps.run import RunStep
from buildledger.config.steps.script import ScriptStep
from buildledger.config.steps.set_property import SetPropertyStep
from buildledger.config.steps.step import Timeout
from buildledger.config.steps.test_report import TestReportStep
from buildledger.config.steps.upload import UploadStep
from buildledger.config.values import InputRef, PropertyRef, SecretRef, Spread
from buildledger.events.request import SourceStamp
from buildledger.steps.program import StepInputs

URL = "https://git.acme.example/widget.git"

INPUTS = StepInputs(
    values=Context(inputs={"args": ("-q", "-x")}, properties={"version": "1.2"}),
    stamps={
        "widget": SourceStamp(source="widget", repository=URL, branch="main", revision="a" * 40),
        "proto": SourceStamp(source="proto", repository=URL, branch="main"),
    },
    systems={"widget": "git", "proto": "git"},
)

STEPS: dict[str, Step] = {
    "checkout": CheckoutStep(name="s", source="widget"),
    "checkout a branch": CheckoutStep(name="s", source="proto", into="proto", submodules=True, depth=3),
    "checkout clobber": CheckoutStep(name="s", source="proto", mode="full", method="clobber"),
    "checkout fresh": CheckoutStep(name="s", source="widget", mode="full", method="fresh", submodules=True),
    "checkout clean": CheckoutStep(name="s", source="widget", mode="full", method="clean"),
    "checkout copy": CheckoutStep(name="s", source="widget", into="src", mode="full", method="copy"),
    "checkout in a minute and a half": CheckoutStep(name="s", source="widget", timeout=Timeout(total_seconds=90)),
    "checkout of nothing": CheckoutStep(name="s", source="unknown"),
    "run": RunStep(name="s", argv=("pytest", Spread(InputRef("args"))), env={"TOKEN": SecretRef("t"), "HOME": None}),
    "run without its property": RunStep(name="s", argv=(PropertyRef("missing"),), env={}),
    "script": ScriptStep(name="s", script="# say it\nmake all\n", env={"VERSION": PropertyRef("version")}),
    "upload": UploadStep(name="s", path="dist/a.whl", limit_bytes=10),
    "upload some files": UploadStep(name="s", path="dist", files=("*.whl",), limit_bytes=10, optional=True),
    "download": DownloadStep(name="s", artifact="dist", origin=Origin(of="parent"), into="in"),
    "download if there": DownloadStep(name="s", artifact="a", origin=Origin(of="build"), optional=True),
    "download of a builder": DownloadStep(name="s", artifact="a", origin=Origin(of="builder", builder="b")),
    "download of a number": DownloadStep(name="s", artifact="a", origin=Origin(of="builder", builder="b", number="x")),
    "test_report": TestReportStep(name="s", files=("out/*.xml",), failed="warnings"),
    "generate": GenerateStep(
        name="s",
        argv=("plan", PropertyRef("version")),
        env={"TOKEN": SecretRef("t")},
        grant=Grant(may_define=("builders",), secrets=(), locks=(), worker=None, max_builders=9, max_steps=9),
    ),
    "set_property": SetPropertyStep(name="s", property="p", value=PropertyRef("version"), env={}),
    "set_property from a program": SetPropertyStep(name="s", property="p", argv=("git", "describe"), env={}),
}
