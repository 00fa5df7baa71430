/** Short names for the API's types, all of them generated from the OpenAPI document. */

import type { components } from "./schema.d.ts";

type Schemas = components["schemas"];

export type Actor = Schemas["Actor"];
export type Artifact = Schemas["Artifact"];
export type Blame = Schemas["Blame"];
export type Build = Schemas["Build"];
export type BuildDetail = Schemas["BuildDetail"];
export type Builder = Schemas["Builder"];
export type BuilderOrigin = Schemas["BuilderOrigin"];
export type BuilderDetail = Schemas["BuilderDetail"];
export type BranchPipeline = Schemas["BranchPipeline"];
export type BrokenBuilder = Schemas["BrokenBuilder"];
export type Change = Schemas["Change"];
export type ChangeDetail = Schemas["ChangeDetail"];
export type ConfigDetail = Schemas["ConfigDetail"];
export type ConfigPlan = Schemas["ConfigPlan"];
export type ConfigRevision = Schemas["ConfigRevision"];
export type DefinedBuilder = Schemas["DefinedBuilder"];
export type DefinitionPlace = Schemas["DefinitionPlace"];
export type Health = Schemas["Health"];
export type ServerEntry = Schemas["ServerEntry"];
export type Home = Schemas["Home"];
export type Input = Schemas["Input"];
export type Log = Schemas["Log"];
export type LogDetail = Schemas["LogDetail"];
export type LogHit = Schemas["LogHit"];
export type Operation = Schemas["Operation"];
export type Person = Schemas["Person"];
export type PipelineOutcome = RevisionPipeline["outcome"];
export type Project = Schemas["Project"];
export type Request = Schemas["Request"];
export type SourceStamp = Schemas["SourceStamp"];
export type Step = Schemas["Step"];
export type LockWait = Schemas["LockWait"];
export type Suspect = Schemas["Suspect"];
export type TestResult = Schemas["TestResult"];
export type TestTotals = Schemas["TestTotals"];
export type PipelineCounts = Schemas["PipelineCounts"];
export type PipelineGrants = Schemas["PipelineGrants"];
export type RevisionPipeline = Schemas["RevisionPipeline"];
export type SourcePipelines = Schemas["SourcePipelines"];
export type TriggerAnswer = Schemas["TriggerAnswer"];
export type Machine = Schemas["Machine"];
export type Worker = Schemas["Worker"];
