//! Both sides. The words and rules of Runboard: no I/O, no clock reads.

pub mod access;
pub mod agent;
pub mod agent_form;
pub mod agent_settings;
pub mod ansi;
pub mod approval;
pub mod budget;
pub mod bulk;
pub mod columns;
pub mod compare;
pub mod control;
pub mod error;
pub mod event;
pub mod execution;
pub mod failure;
pub mod filter;
pub mod find;
pub mod fleet;
pub mod flow;
pub mod framework;
pub mod id;
pub mod interaction;
pub mod list_query;
pub mod memory;
pub mod notify;
pub mod page;
pub mod parts;
pub mod policy;
pub mod price;
pub mod reading;
pub mod schedule;
pub mod since;
pub mod span;
pub mod stats;
pub mod status;
pub mod time;
pub mod timeline;
pub mod view;
pub mod visible;
pub mod words;

pub use access::{Me, Role, Scope};
pub use agent::{AgentKind, AgentSummary};
pub use agent_form::{AgentForm, AgentSettings, AgentShare};
pub use agent_settings::{
    AgentAbout, AgentConfig, AgentDetail, AgentLimits, AgentPatch, Budget, CommandConfig, NewAgent, OpenaiConfig,
    RetryOn, RetryPolicy, WebhookConfig,
};
pub use approval::{
    Approval, ApprovalDetail, ApprovalPage, ApprovalRun, ApprovalsPage, ApprovalsPart, Approver, InteractionOutcome,
    NewStandingRule, NotCounted, Response, ResponseResult, ResponseToMany, Standing, StandingRule,
};
pub use budget::{BudgetLevel, BudgetState, Spending};
pub use bulk::{
    BULK_LIMIT, BulkAction, BulkJob, BulkPreview, BulkProgress, BulkResult, BulkRow, BulkRowSeen, BulkState,
    BulkTarget, Excluded, ExcludedGroup, Reason,
};
pub use columns::{Column, Columns};
pub use compare::{ComparedPart, ComparedParts, Comparison, DiffRow, PartSide, Side, TextDiff};
pub use control::{NewRun, Retry, StopRecord, Trial};
pub use error::{Error, FieldError, Result};
pub use event::{ClientFrame, EventKind, FrameType, ServerFrame, Topic};
pub use execution::{ExecutionDetail, ExecutionPatch, ExecutionSummary, NewExecution, RunLink};
pub use failure::{Failure, FailureGroup, FailureGroups, LastGood};
pub use filter::{Choice, Dialect, Filter, Label, Range, Window};
pub use fleet::{AgentCounts, AgentStanding, Fleet};
pub use flow::{
    Flow, FlowList, FlowOfRun, FlowPatch, FlowRunSteps, FlowRuns, FlowStanding, FlowStep, FlowUnderWay, FlowsPage,
    NewFlow, NewFlowRun, OnInterruption, PlannedStep,
};
pub use framework::{Arrivals, ConnectPage, Framework, FrameworkPart};
pub use id::ExecutionId;
pub use interaction::{
    Answers, FieldKind, InteractionKind, InteractionStatus, NewInteraction, OnReject, QuestionField,
};
pub use list_query::{ListQuery, QueryError};
pub use memory::{Memory, MemoryContent};
pub use notify::{
    Channel, Delivery, DeliveryPage, DeliveryState, NewNotifySettings, NewWebhook, NewsKind, NotifyPage,
    NotifySettings, SavedNotifySettings, Told, WebhookFormat, WebhookSettings, WebhookStanding,
};
pub use page::{ExecutionPage, FirstPage, RunCount, Sort, SortField};
pub use parts::{LogLine, LogStream, NewLogLine, NewStep, NewToolCall, PartStatus, Step, ToolCall};
pub use policy::{Decision, Policy, Tally, Verdict};
pub use price::ModelPrice;
pub use reading::{ApprovalRecord, ListedCall, LogHits, Markup, RunExtras, RunRecord, SubRun};
pub use schedule::{NewSchedule, Overlap, Schedule};
pub use since::{Beside, Since};
pub use span::{Outcome as SpanOutcome, SpanClass, SpanDetail, SpanPage, SpanRow, ToldInSpans};
pub use stats::{AgentStats, FacetValue, Facets, Numbers, Stats};
pub use status::{Status, Trigger};
pub use time::Timestamp;
pub use timeline::{BeforeWindow, Timeline, TimelineBucket};
pub use view::View;
