"""Which class of Buildbot's is converted how, and what is said of those that can't be."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from buildledger.config.convert.buildbot import values
from buildledger.config.convert.buildbot.account import UnsayableError
from buildledger.config.convert.buildbot.steps import checkout, left_out, made_up, properties, shell, tools, transfers
from buildledger.config.convert.buildbot.steps.step import Keys, OldStep

Convert = Callable[[OldStep], list[Keys]]

KINDS: Mapping[str, Convert] = {
    "Git": checkout.git,
    **dict.fromkeys(checkout.LATER, checkout.later),
    "SetProperty": properties.set_property,
    "SetProperties": properties.set_properties,
    "SetPropertyFromCommand": properties.from_command,
    "SetPropertiesFromEnv": properties.from_env,
    "FileUpload": transfers.upload,
    "DirectoryUpload": transfers.upload,
    "MultipleFileUpload": transfers.upload_several,
    "StringDownload": transfers.download_text,
    "JSONStringDownload": transfers.download_json,
    "MakeDirectory": made_up.make_directory,
    "RemoveDirectory": made_up.remove_directory,
    "CopyDirectory": made_up.copy_directory,
    "FileExists": made_up.file_exists,
    "CMake": made_up.cmake,
    "Trial": made_up.trial,
    "Cppcheck": tools.cppcheck,
    "MaxQ": tools.maxq,
    "RpmBuild": tools.rpm_build,
    "Assert": tools.asserted,
    "LogRenderable": tools.shown,
    "ShellSequence": made_up.sequence,
    "ShellMixin": shell.convert,
    "ShellCommand": shell.convert,
}
"""By the name of the class; of a class that isn't here, its nearest base."""

REFUSED: Mapping[str, tuple[str, str]] = {
    "Trigger": (
        "a step that has other builders build comes with a later version (step `trigger`)",
        "until then, a `success` trigger builds others once this builder has succeeded",
    ),
    "MasterShellCommand": (
        "it runs on the master, and the server runs no commands of builds",
        "run it as a step of a builder whose worker is beside the server",
    ),
    "FileDownload": (
        "it copies a file of the master's, and the server has no files of its own for builds",
        "put the file into the repository, or upload it in a build and `download` it here",
    ),
    "JSONPropertiesDownload": (
        "a build's properties as one file have no counterpart",
        "give what is needed through env",
    ),
    "HTTPStep": (
        "the server itself makes no requests for builds",
        "run curl on a worker, with its token as a {secret: …} in env",
    ),
    "DownloadSecretsToWorker": (
        "secrets reach programs through env, not as files",
        "have a script write the variable into a file, and remove that in a step with `always_run: true`",
    ),
    "RemoveWorkerFileSecret": ("secrets reach programs through env, not as files", ""),
    "GitPush": ("it changes a repository", "run git push, with a token as a {secret: …} in env"),
    "GitTag": ("it changes a repository", "run git tag"),
    "GitCommit": ("it changes a repository", "run git commit"),
    "GitDiffInfo": ("it sets a property from a difference", "use change.files in a `when`, or run git diff"),
    "VisualStudio": (
        "its command is put together for Visual Studio when it runs",
        "run msbuild or devenv with its arguments",
    ),
    "BuildbotTestCiTrigger": ("it reads steps from a file in the repository", "write the steps here"),
    "BuildbotCiSetupSteps": ("it reads steps from a file in the repository", "write the steps here"),
}
"""Classes of Buildbot's that have no counterpart: why, and what to do instead."""


def convert(old: OldStep) -> list[Keys]:
    """The steps that a step becomes.

    Raises:
        UnsayableError: There is no such thing.
    """
    for name in old.cls.bases:
        if name in REFUSED:
            raise UnsayableError(*REFUSED[name])
        if name in KINDS:
            shell.refuse_own_run(old)
            made = KINDS[name](old)
            left_out.remark(old, made[0])
            old.remark_unasked()
            return made
    raise UnsayableError(
        f"what a step of the class {old.cls.name}{values.where(old.cls.place)} does is in its code",
        "write what it does as `run` or `script`",
    )
