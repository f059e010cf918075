//! Server. Agents of finance, sales and support.

use super::{Agent, FLASH, GEMINI, GPT, GPT_MINI, HAIKU, Habit, OPUS, PLAIN, tool};
use crate::domain::Trigger;

pub static AGENTS: [Agent; 7] = [
    Agent {
        name: "Invoice Clerk",
        team: "finance",
        share: 14.0,
        habit: Habit::Every { minutes: 15 },
        triggers: &[(Trigger::Schedule, 0.9), (Trigger::Manual, 0.1)],
        model: Some(&HAIKU),
        takes: 24.0,
        tokens: (9_200.0, 640.0),
        fails: 0.04,
        errors: &[
            "The total on page 2 (EUR {amount}) does not match the sum of the lines (EUR {amount}); sent to review",
            "erp.post_invoice: 409 Conflict: invoice {num} is already booked",
            "PDF has no text layer and OCR gave up after 3 pages",
        ],
        messages: &[
            "Process invoice {num} from {company}",
            "Process invoice INV-{num} ({company}, EUR {amount})",
            "Book the credit note {num} from {company} against the open order",
            "Rechnung {num} der {company} prüfen und verbuchen",
        ],
        answers: &[
            "Booked invoice {num}: EUR {amount}, cost centre 4{n}0, due in 30 days. Three lines matched the order.",
            "Invoice {num} matches purchase order {num} within the 2 % tolerance and was **booked**.",
        ],
        tools: &[
            tool(
                "documents.read_pdf",
                r#"{"path":"inbox/{num}.pdf","pages":"all"}"#,
                r#"{"pages":{n},"characters":{num}}"#,
                1_800.0,
            ),
            tool(
                "erp.find_order",
                r#"{"supplier":"{company}","number":"{num}"}"#,
                r#"{"order":"PO-{num}","open_amount":{amount}}"#,
                420.0,
            ),
            tool("erp.post_invoice", r#"{"invoice":"INV-{num}","amount":{amount}}"#, r#"{"booking":"B{num}"}"#, 900.0),
        ],
        calls: 4,
        steps: &["Read the document", "Match the order", "Book"],
        log: &["Reading inbox/{num}.pdf", "Found order PO-{num}", "VAT 19 %, net EUR {amount}", "Booked as B{num}"],
        retries: true,
        ..PLAIN
    },
    Agent {
        name: "Support Triage",
        team: "support",
        share: 4.5,
        habit: Habit::Bursts,
        model: Some(&HAIKU),
        takes: 6.5,
        spread: 0.5,
        tokens: (2_600.0, 210.0),
        fails: 0.035,
        errors: &["helpdesk.update_ticket: 502 Bad Gateway", "The answer was no valid JSON after 2 attempts"],
        messages: &[
            "Ticket #{num}: the {product} does not charge any more",
            "Ticket #{num}: where is my parcel to {city}?",
            "Ticket #{num}: double charge of EUR {amount}",
            "Ticket #{num}: cannot sign in since the update, error {num}",
            "Ticket #{num}: please delete my account and all data",
        ],
        answers: &[
            "Category: **shipping**, priority 2, language en. Assigned to {person}.",
            "Category: **billing**, priority 1. Refund drafted for approval.",
        ],
        tools: &[
            tool(
                "helpdesk.get_ticket",
                r#"{"id":{num}}"#,
                r#"{"id":{num},"customer":"{person}","messages":{n}}"#,
                180.0,
            ),
            tool("helpdesk.update_ticket", r#"{"id":{num},"priority":2,"queue":"shipping"}"#, r#"{"ok":true}"#, 260.0),
        ],
        calls: 2,
        talks: true,
        ..PLAIN
    },
    Agent {
        name: "Market Researcher",
        team: "strategy",
        share: 2.6,
        habit: Habit::Office,
        triggers: &[(Trigger::Manual, 0.8), (Trigger::Mcp, 0.2)],
        model: Some(&GEMINI),
        takes: 260.0,
        spread: 0.7,
        tokens: (184_000.0, 9_400.0),
        fails: 0.07,
        errors: &[
            "429 Too Many Requests: quota for gemini-2.5-pro exceeded, retry after 41 s",
            "Stopped after 40 tool calls without a conclusion",
        ],
        messages: &[
            "Analyse the market for {product} in {city}: size, growth, the five main competitors and their prices. Quote every source.",
            "What changed at {company} since last quarter? Look at filings, press and job offers.",
            "Compare our prices for {product} with what shops in {city} ask for, and explain the differences.",
        ],
        answers: &[
            "## Summary\n\nThe segment grew by **{n} %** in a year. {company} leads with a third of the sales, followed by {company}.\n\n| competitor | price |\n|---|---|\n| {company} | EUR {amount} |\n| {company} | EUR {amount} |\n\nSources: 14 pages, all read today.",
        ],
        tools: &[
            tool("web.search", r#"{"query":"{company} {product} price {city}"}"#, r#"{"results":{n}}"#, 1_300.0),
            tool("web.open", r#"{"url":"https://example.com/{num}"}"#, r#"{"status":200,"characters":{num}}"#, 2_100.0),
            tool("sheets.append", r#"{"sheet":"market-{num}","rows":{n}}"#, r#"{"ok":true}"#, 600.0),
        ],
        calls: 18,
        steps: &["Plan", "Search", "Read", "Compare", "Write the report"],
        log: &[
            "{n} results worth reading",
            "Skipping a page behind a paywall",
            "Two sources disagree on the {n} %",
            "Writing the report",
        ],
        hands_to: Some(("Web Scout", 4)),
        ..PLAIN
    },
    Agent {
        name: "Web Scout",
        team: "strategy",
        share: 0.0,
        habit: Habit::Called,
        triggers: &[(Trigger::Agent, 1.0)],
        model: Some(&FLASH),
        takes: 38.0,
        tokens: (21_000.0, 900.0),
        fails: 0.06,
        errors: &["web.open: certificate expired at example.com", "403 Forbidden from 4 of 5 pages"],
        messages: &[
            "Find the current price list of {company}",
            "Collect reviews of the {product} from shops in {city}",
            "Which offices does {company} have in {city}?",
        ],
        answers: &["Found {n} pages; the price of the {product} is between EUR {amount} and EUR {amount}."],
        tools: &[
            tool("web.search", r#"{"query":"{product} review {city}"}"#, r#"{"results":{n}}"#, 1_100.0),
            tool("web.open", r#"{"url":"https://example.org/{num}"}"#, r#"{"status":200,"characters":{num}}"#, 1_700.0),
        ],
        calls: 7,
        log: &["Opening https://example.org/{num}", "{n} matches"],
        ..PLAIN
    },
    Agent {
        name: "Contract Analyst",
        team: "legal",
        share: 1.1,
        habit: Habit::Office,
        triggers: &[(Trigger::Manual, 1.0)],
        model: Some(&OPUS),
        takes: 175.0,
        tokens: (61_000.0, 4_200.0),
        fails: 0.03,
        errors: &["The document has 412 pages; the limit is 300", "Anthropic: 529 Overloaded"],
        messages: &[
            "Review the framework contract with {company}: liability, termination, price adjustment. Mark everything that differs from our standard.",
            "Summarise the data processing agreement of {company} in one page for {person}",
            "Vertrag mit {company}: Kündigungsfristen und automatische Verlängerung herausarbeiten",
        ],
        answers: &[
            "Four clauses differ from the standard. **§ 9 (liability)** has no cap; § 14 renews for 24 months unless cancelled 6 months before.",
        ],
        tools: &[
            tool(
                "documents.read_pdf",
                r#"{"path":"contracts/{num}.pdf"}"#,
                r#"{"pages":{n},"characters":{num}}"#,
                4_200.0,
            ),
            tool(
                "clauses.compare",
                r#"{"standard":"2025-{n}","clause":"liability"}"#,
                r#"{"differences":{n}}"#,
                3_100.0,
            ),
        ],
        calls: 9,
        steps: &["Read the contract", "Compare with the standard", "Write the memo"],
        log: &["{n} clauses found", "Clause 9 has no counterpart in the standard"],
        ..PLAIN
    },
    Agent {
        name: "Sales Outreach",
        team: "sales",
        share: 5.0,
        habit: Habit::At { hours: &[7, 13], minute: 30, weekends: false },
        triggers: &[(Trigger::Schedule, 0.7), (Trigger::Manual, 0.3)],
        model: Some(&GPT_MINI),
        takes: 41.0,
        tokens: (12_400.0, 1_900.0),
        fails: 0.05,
        errors: &[
            "crm.search: timeout after 30 s",
            "Every draft was rejected by the tone check",
            "smtp: 550 mailbox unavailable",
        ],
        messages: &[
            "Draft follow-up mails for {n} leads from the {city} fair",
            "Write to {person} at {company} about the renewal in 30 days",
        ],
        answers: &["{n} drafts are in the outbox, 3 leads were left out because they opted out."],
        tools: &[
            tool("crm.search", r#"{"stage":"lead","event":"{city}"}"#, r#"{"leads":{n}}"#, 700.0),
            tool("mail.draft", r#"{"to":"{person}","template":"follow-up"}"#, r#"{"draft":"{hash}"}"#, 350.0),
        ],
        calls: 8,
        log: &["{n} leads match", "{person} opted out; skipped"],
        talks: true,
        ..PLAIN
    },
    Agent {
        name: "Recruiting Screener",
        team: "people",
        share: 2.2,
        habit: Habit::Office,
        triggers: &[(Trigger::Manual, 0.6), (Trigger::Mcp, 0.4)],
        model: Some(&GPT),
        takes: 52.0,
        tokens: (15_800.0, 1_200.0),
        fails: 0.02,
        errors: &["The CV is a photo; no text could be read"],
        messages: &[
            "Screen application {num} for Senior Rust Engineer, {city}",
            "Which of the {n} open applications mention PostgreSQL at scale?",
        ],
        answers: &["Meets 6 of 7 requirements; asks for {city} or remote. Two gaps in 2021 and 2023 worth a question."],
        tools: &[tool("ats.get_application", r#"{"id":{num}}"#, r#"{"candidate":"{person}","pages":3}"#, 310.0)],
        calls: 3,
        ..PLAIN
    },
];
