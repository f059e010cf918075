//! Server. Agents whose people write in other languages and scripts.

use super::{Agent, GPT, GPT_MINI, HAIKU, Habit, MISTRAL, PLAIN, tool};
use crate::domain::Trigger;

pub static AGENTS: [Agent; 4] = [
    Agent {
        name: "予約アシスタント",
        team: "support",
        share: 5.0,
        habit: Habit::Always,
        model: Some(&GPT_MINI),
        takes: 17.0,
        tokens: (6_100.0, 520.0),
        fails: 0.03,
        errors: &["予約システムに接続できません (タイムアウト 30 秒)", "空室がありません"],
        messages: &[
            "大阪で来週の会議室を予約してください。{n}名、プロジェクター付きでお願いします。",
            "予約番号 {num} の日程を一日ずらせますか？",
            "田中精機様の出張の手配をお願いします。東京から{n}日間、禁煙の部屋で、朝食付き、駅から徒歩圏内のホテルを三つ比較して、料金とキャンセル条件を表にまとめてください。",
        ],
        answers: &[
            "会議室 B{n} を予約しました。確認番号は {num} です。",
            "日程を変更しました。追加料金はかかりません。",
        ],
        tools: &[
            tool("calendar.find_room", r#"{"city":"大阪","people":{n}}"#, r#"{"rooms":["B{n}"]}"#, 420.0),
            tool("calendar.book", r#"{"room":"B{n}"}"#, r#"{"booking":{num}}"#, 510.0),
        ],
        calls: 3,
        talks: true,
        ..PLAIN
    },
    Agent {
        name: "مساعد العملاء",
        team: "support",
        share: 4.0,
        habit: Habit::Always,
        model: Some(&GPT),
        takes: 21.0,
        tokens: (5_200.0, 610.0),
        fails: 0.03,
        errors: &["تعذر الاتصال بنظام الطلبات (503)"],
        messages: &[
            "أين شحنتي رقم {num}؟ كان من المفترض أن تصل أمس إلى دبي.",
            "أريد استبدال المنتج {product} لأنه لا يعمل.",
            "كيف أغير عنوان التوصيل للطلب {num}؟",
        ],
        answers: &["شحنتك رقم {num} في مركز التوزيع في دبي وستصل غدًا قبل الساعة الخامسة مساءً."],
        tools: &[tool(
            "orders.track",
            r#"{"order":{num},"lang":"ar"}"#,
            r#"{"state":"in_transit","city":"دبي"}"#,
            380.0,
        )],
        calls: 2,
        talks: true,
        ..PLAIN
    },
    Agent {
        name: "Kundenservice DACH",
        team: "support",
        share: 6.0,
        habit: Habit::Office,
        model: Some(&MISTRAL),
        takes: 26.0,
        tokens: (4_800.0, 700.0),
        fails: 0.025,
        errors: &["Kein Kundenkonto zur Nummer {num} gefunden", "mistral: 429 Anfragelimit erreicht"],
        messages: &[
            "Mein {product} lädt nicht mehr, was kann ich tun?",
            "Bestellung {num}: Rechnung bitte an die Firma {company} ausstellen",
            "Ich möchte die Bestellung {num} widerrufen. Größe und Farbe stimmen nicht, außerdem fehlt das Zubehör. Bitte schicken Sie mir ein Rücksendeetikett nach Köln.",
        ],
        answers: &[
            "Die Rücksendung zu Bestellung {num} ist angelegt, das Etikett ist unterwegs. Der Betrag von {amount} € wird innerhalb von 5 Tagen erstattet.",
        ],
        tools: &[
            tool("orders.get", r#"{"order":{num}}"#, r#"{"customer":"{person}","total":{amount}}"#, 290.0),
            tool("orders.create_return", r#"{"order":{num},"reason":"Größe"}"#, r#"{"label":"R{num}"}"#, 640.0),
        ],
        calls: 3,
        talks: true,
        ..PLAIN
    },
    Agent {
        name: "Meeting Scribe",
        team: "people",
        share: 2.6,
        habit: Habit::Office,
        triggers: &[(Trigger::Api, 0.6), (Trigger::Manual, 0.4)],
        model: Some(&HAIKU),
        takes: 70.0,
        tokens: (38_000.0, 2_400.0),
        fails: 0.02,
        errors: &["The recording is silent after minute {n}"],
        messages: &[
            "Notes and decisions of \"Weekly {city}\"",
            "Notas de la reunión con {company}: decisiones y próximos pasos",
            "Protokoll der Sitzung mit {company}",
        ],
        answers: &[
            "**Decisions**\n- Ship the {product} in March.\n- {person} asks {company} for a new offer.\n\n**Open**: who pays for the return freight?",
        ],
        tools: &[tool("calendar.get_event", r#"{"id":"{hash}"}"#, r#"{"attendees":{n}}"#, 200.0)],
        calls: 1,
        ..PLAIN
    },
];
