use super::*;

fn options(format: Format) -> TraceOptions {
    let models = ["ChatGPT", "GPT-4"].map(str::to_owned).to_vec();
    TraceOptions { format, accounts: Some(1), rename: Vec::new(), models }
}

fn by_column(format: Format) -> TraceOptions {
    TraceOptions { accounts: None, ..options(format) }
}

fn read_with(options: &TraceOptions, text: impl AsRef<[u8]>) -> Result<Trace, TraceError> {
    Trace::read_from(text.as_ref(), Path::new("t"), options)
}

fn read(format: Format, text: impl AsRef<[u8]>) -> Trace {
    read_with(&options(format), text).unwrap()
}

fn error(format: Format, text: impl AsRef<[u8]>) -> String {
    read_with(&options(format), text).unwrap_err().to_string()
}

fn record(micros: i64, model: u16, prompt: u32, cached: u32, output: u32) -> (Time, Usage) {
    (Time::from_micros(micros), Usage { model, prompt, cached, output })
}

/// All requests, account after account.
fn records(trace: &Trace) -> Vec<(Time, Usage)> {
    (0..trace.at.len()).map(|request| (trace.at[request], trace.usage(request))).collect()
}

/// What the prompts of each account are.
fn prompts(trace: &Trace) -> Vec<&[u32]> {
    (0..trace.accounts()).map(|account| &trace.prompt[trace.requests(account)]).collect()
}

#[test]
fn formats_are_found_by_their_names() {
    for format in Format::ALL {
        assert_eq!(Format::named(format.name()), Some(format));
    }
    assert_eq!(Format::named("azure"), None);
}

#[test]
fn records_are_sorted_by_time_and_moved_to_the_start() {
    let trace = read(
        Format::Billsim,
        "time,prompt_tokens,output_tokens\n100.5,1,0\n100,2,0\n100.0000001,3,0\n99.9999999,4,0\n",
    );
    assert_eq!(
        records(&trace),
        [record(0, 0, 4, 0, 0), record(1, 0, 2, 0, 0), record(1, 0, 3, 0, 0), record(500_001, 0, 1, 0, 0)]
    );
    assert!(trace.model.is_none() && trace.cached.is_none());
}

#[test]
fn columns_are_found_by_name_and_others_are_ignored() {
    let trace = read_with(
        &by_column(Format::Billsim),
        "note,output_tokens, model ,account,cached_tokens,prompt_tokens,time\n\
         \"a, \"\"b\"\"\nc\",7,GPT-4,bob,30,40,2026-01-31T08:00:00+01:00\n\
         ,8,ChatGPT,eve,0,50,2026-01-31T07:00:00.25Z\n",
    )
    .unwrap();
    assert_eq!(records(&trace), [record(0, 1, 40, 30, 7), record(250_000, 0, 50, 0, 8)]);
    assert!(trace.model.is_some() && trace.cached.is_some());
}

#[test]
fn line_ends_byte_order_marks_and_blank_lines_do_not_matter() {
    let plain = read(Format::Billsim, "time,prompt_tokens,output_tokens\n0,1,2\n5,3,4\n");
    for text in [
        "time,prompt_tokens,output_tokens\n0,1,2\n5,3,4",
        "time,prompt_tokens,output_tokens\r\n0,1,2\r\n5,3,4\r\n",
        "time,prompt_tokens,output_tokens\r\n0,1,2\r\n5,3,4",
        "\u{feff}time,prompt_tokens,output_tokens\n\n0,1,2\n\r\n\n5, 3 ,\"4\"\r\n\r\n",
    ] {
        assert_eq!(read(Format::Billsim, text), plain, "{text:?}");
    }
}

#[test]
fn records_go_to_accounts_in_turn_after_sorting() {
    let text = "time,prompt_tokens,output_tokens,account\n3,30,1,x\n1,10,1,x\n2,20,1,\n";
    let trace = read_with(&TraceOptions { accounts: Some(2), ..options(Format::Billsim) }, text).unwrap();
    assert_eq!(prompts(&trace), [&[10, 30][..], &[20]]);
    assert!(trace.account_names.is_empty());
    let trace = read_with(&TraceOptions { accounts: Some(5), ..options(Format::Billsim) }, text).unwrap();
    assert_eq!(prompts(&trace), [&[10][..], &[20], &[30], &[], &[]]);
    assert_eq!(trace.requests(5), 0..0);
    let rows: String = (0..20_011).map(|row| format!("{row},{row},1,\n")).collect();
    let text = format!("time,prompt_tokens,output_tokens,account\n{rows}");
    let trace = read_with(&TraceOptions { accounts: Some(40), ..options(Format::Billsim) }, text).unwrap();
    for (prompts, account) in prompts(&trace).into_iter().zip(0..) {
        assert!(prompts.iter().copied().eq((account..20_011).step_by(40)));
    }
    assert_eq!(trace.accounts(), 40);
}

#[test]
fn accounts_of_a_column_are_numbered_by_first_appearance_after_sorting() {
    let text = "time,prompt_tokens,output_tokens,account\n3,30,1,zoé\n1,10,1,bob\n2,20,1,amy\n4,40,1,amy\n";
    let trace = read_with(&by_column(Format::Billsim), text).unwrap();
    assert_eq!(trace.account_names, ["bob", "amy", "zoé"]);
    assert_eq!(prompts(&trace), [&[10][..], &[20, 40], &[30]]);
}

#[test]
fn a_row_without_account_is_a_fault_only_where_accounts_come_from_the_column() {
    let text = b"time,prompt_tokens,output_tokens,account\n3,1,1,x\n1,1,1,\n2,1,1,\xff\n";
    assert!(read_with(&options(Format::Billsim), text).is_ok());
    assert_eq!(
        read_with(&by_column(Format::Billsim), text).unwrap_err().to_string(),
        "t:3: `account` is missing\n\
         hint: name the account of each request in UTF-8, or use `assign = \"round_robin\"`\n\
         t:4: `account` is `\u{fffd}`\n\
         hint: name the account of each request in UTF-8, or use `assign = \"round_robin\"`"
    );
    let text = "time,prompt_tokens,output_tokens\n3,1,1\n";
    let message = read_with(&by_column(Format::Billsim), text).unwrap_err().to_string();
    assert!(message.contains("no column `account`"), "{message}");
}

#[test]
fn formats_without_accounts_cannot_assign_by_column() {
    for format in [Format::AzureLlm, Format::Mooncake] {
        let message = read_with(&by_column(format), "").unwrap_err().to_string();
        assert!(message.contains("does not say which account"), "{message}");
        assert!(message.contains("round_robin"), "{message}");
    }
}

#[test]
fn models_are_renamed_before_they_are_looked_up() {
    let text = "time,prompt_tokens,output_tokens,model\n0,1,1,gpt-4-0613\n1,1,1,ChatGPT\n";
    let rename = [("gpt-4-0613", "GPT-4"), ("ChatGPT", "GPT-4")];
    let rename = rename.map(|(from, to)| (from.to_owned(), to.to_owned())).to_vec();
    let trace = read_with(&TraceOptions { rename, ..options(Format::Billsim) }, text).unwrap();
    assert_eq!(records(&trace), [record(0, 1, 1, 0, 1), record(1_000_000, 1, 1, 0, 1)]);
}

#[test]
fn models_that_the_price_list_lacks_are_told_once_each() {
    let text = "time,prompt_tokens,output_tokens,model\n0,1,1,o1\n1,1,1,GPT-4\n2,1,1,o1\n3,1,1,o3\n4,1,1,\n";
    let rename = vec![("o3".to_owned(), "o4".to_owned())];
    assert_eq!(
        read_with(&TraceOptions { rename, ..options(Format::Billsim) }, text).unwrap_err().to_string(),
        "t:2: the price list lacks the model `o1`\n\
         hint: price it, or add `rename = { \"o1\" = \"...\" }` with one of `ChatGPT`, `GPT-4`\n\
         t:5: model `o3` is renamed to `o4`, which the price list lacks\n\
         hint: price it, or add `rename = { \"o3\" = \"...\" }` with one of `ChatGPT`, `GPT-4`\n\
         t:6: `model` is missing\n\
         hint: name the model of each request"
    );
}

#[test]
fn token_counts_must_be_whole_and_there() {
    for (row, wrong) in [
        ("0,-3,1", "`prompt_tokens` is `-3`"),
        ("0,1,2.5", "`output_tokens` is `2.5`"),
        ("0,,1", "`prompt_tokens` is missing"),
        ("0,1,4294967296", "`output_tokens` is `4294967296`"),
    ] {
        assert_eq!(
            error(Format::Billsim, format!("time,prompt_tokens,output_tokens\n{row}\n")),
            format!("t:2: {wrong}\nhint: write a whole number of tokens, from 0 to 4294967295")
        );
    }
}

#[test]
fn cached_tokens_are_at_most_the_prompt() {
    let header = "time,prompt_tokens,output_tokens,cached_tokens\n";
    assert_eq!(records(&read(Format::Billsim, format!("{header}0,5,1,5"))), [record(0, 0, 5, 5, 1)]);
    assert_eq!(
        error(Format::Billsim, format!("{header}0,5,1,6\n0,5,1,\n")),
        "t:2: `cached_tokens` is 6 of a prompt of 5\n\
         hint: cached tokens are part of the prompt: write at most as many\n\
         t:3: `cached_tokens` is missing\n\
         hint: write a whole number of tokens, from 0 to 4294967295"
    );
}

#[test]
fn all_rows_tell_the_time_in_the_same_way() {
    let header = "time,prompt_tokens,output_tokens\n";
    let hint = "hint: tell the time of each row in the same way: all in RFC 3339, or all in seconds";
    assert_eq!(
        error(Format::Billsim, format!("{header}0,1,1\n2026-01-31T08:00:00Z,1,1\n")),
        format!("t:3: `time` is `2026-01-31T08:00:00Z`\n{hint}")
    );
    assert_eq!(
        error(Format::Billsim, format!("{header}2026-01-31T08:00:00Z,1,1\n5,1,1\n")),
        format!("t:3: `time` is `5`\n{hint}")
    );
    assert_eq!(
        error(Format::Billsim, format!("{header}2026-01-31T08:00:00,1,1\n,1,1\n")),
        "t:2: `time` is `2026-01-31T08:00:00`\n\
         hint: write date, time and zone, as in `2026-01-31T08:00:00.25Z`\n\
         t:3: `time` is missing\n\
         hint: write date, time and zone, as in `2026-01-31T08:00:00.25Z`"
    );
}

#[test]
fn a_missing_column_is_told_with_those_found_and_needed() {
    assert_eq!(
        error(Format::AzureLlm, "time, ContextTokens,Output\n1,2,3\n"),
        "t:1: there is no column `TIMESTAMP`; the columns are `time`, `ContextTokens`, `Output`\n\
         hint: name the columns in the first line; needed are `TIMESTAMP`, `ContextTokens`, `GeneratedTokens`"
    );
    assert!(error(Format::BurstGpt, "Timestamp,Request tokens,Response tokens\n").contains("column `Model`"));
}

#[test]
fn a_column_that_is_there_twice_is_refused() {
    let message = error(Format::Billsim, "time,prompt_tokens,output_tokens,time\n0,1,2,3\n");
    assert_eq!(message, "t:1: there are 2 columns `time`\nhint: keep one of them");
}

#[test]
fn a_row_has_a_value_for_each_column() {
    assert_eq!(
        error(Format::Billsim, "time,prompt_tokens,output_tokens\n0,1\n0,1,2,3\n"),
        "t:2: the row has 2 values\nhint: give 3, one for each column\n\
         t:3: the row has 4 values\nhint: give 3, one for each column"
    );
}

#[test]
fn lines_are_counted_as_in_an_editor() {
    let header = "note,time,prompt_tokens,output_tokens";
    for (text, lines) in [
        ("a,0,1,x\nb,0,1,x\n", vec![2, 3]),
        ("a,0,1,x\r\nb,0,1,x", vec![2, 3]),
        ("\n\na,0,1,x\n\nb,0,1,x", vec![4, 6]),
        ("\r\n\r\na,0,1,x\r\n\r\nb,0,1,x", vec![4, 6]),
        ("\"a\nb\",0,1,1\n\"c\nd\",0,1,x\ne,0,1,x", vec![4, 6]),
        ("a,0,1,1\n\"b,0,1,1\nc,0,1,1\n", vec![3]),
    ] {
        let end = if text.contains('\r') { "\r\n" } else { "\n" };
        let faults = read_with(&options(Format::Billsim), format!("{header}{end}{text}")).unwrap_err().faults;
        assert_eq!(faults.iter().map(|fault| fault.line.unwrap()).collect::<Vec<_>>(), lines, "{text:?}");
    }
}

#[test]
fn records_and_gaps_between_them_may_be_of_any_length() {
    let header = "time,prompt_tokens,output_tokens,cached_tokens,note\n";
    let long = "a \"\"line\"\"\n".repeat(100_000);
    let blank = "\n".repeat(1_000_000);
    let instants = ["2026-01-31T08:00:02Z", "2026-01-31T08:00:01Z"];
    let text = format!("{blank}{header}{blank}{},3,1,2,\"{long}\"\n{},5,6,4,b\n", instants[0], instants[1]);
    for threads in [1, 3] {
        let trace = read_on(threads, &options(Format::Billsim), &text).unwrap();
        assert_eq!(records(&trace), [record(0, 0, 5, 4, 6), record(1_000_000, 0, 3, 2, 1)]);
    }
    let fault =
        read_with(&options(Format::Billsim), text.replace(",6,", ",x,")).unwrap_err().faults.remove(0);
    assert_eq!(fault.line, Some(2_100_003));
}

/// What a file gives on so many threads.
fn read_on(threads: usize, options: &TraceOptions, text: &str) -> Result<Trace, TraceError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| read_with(options, text))
}

#[test]
fn long_files_give_the_same_on_any_number_of_threads() {
    // Some notes hold lines that look like rows; accounts and models keep coming up for the first time.
    let rows = (0..60_000).map(|row| {
        let note = ["plain", "\"a, b\"", "\"one\n0,1,1,x,o1,\n3\"", "5\" pipe"][row * 7 % 11 % 4];
        let model = if row % 20_001 == 20_000 { "GPT-4" } else { "ChatGPT" };
        format!("{},{row},{},account {},{model},{note}\n", 70_000 - row, row % 3, row % (row / 10 + 1))
    });
    let header = "time,prompt_tokens,output_tokens,account,model,note\n";
    let text: String = std::iter::once(header.to_owned()).chain(rows).collect();
    let trace = read_on(1, &by_column(Format::Billsim), &text).unwrap();
    assert_eq!(trace.at.len(), 60_000);
    assert_eq!(trace.accounts(), 6_000);
    assert_eq!(trace.prompt.iter().map(|prompt| u64::from(*prompt)).sum::<u64>(), 59_999 * 30_000);
    assert_eq!(trace.model.as_ref().unwrap().iter().filter(|model| **model == 1).count(), 2);
    for threads in [2, 5] {
        assert!(read_on(threads, &by_column(Format::Billsim), &text).unwrap() == trace);
    }

    let faulty = text.replace("GPT-4", "o3").replace(",59999,", ",,");
    let error = read_on(1, &by_column(Format::Billsim), &faulty).unwrap_err();
    let lines: Vec<u64> = error.faults.iter().map(|fault| fault.line.unwrap()).collect();
    let line_of = |part| faulty[..faulty.find(part).unwrap()].matches('\n').count() as u64 + 1;
    assert_eq!(lines, [line_of(",o3,"), line_of(",,")]);
    assert_eq!(read_on(5, &by_column(Format::Billsim), &faulty).unwrap_err(), error);
}

#[test]
fn the_first_ten_faults_are_shown_and_the_rest_counted() {
    let rows = |faults| format!("time,prompt_tokens,output_tokens\n{}", "0,1,x\n".repeat(faults));
    let faulty = read_with(&options(Format::Billsim), rows(13)).unwrap_err();
    assert_eq!((faulty.faults.len(), faulty.more), (10, 3));
    assert_eq!(faulty.faults[9].line, Some(11));
    assert!(faulty.to_string().ends_with("\nand 3 more faults"));
    assert!(error(Format::Billsim, rows(11)).ends_with("\nand 1 more fault"));
    assert!(error(Format::Billsim, rows(10)).ends_with("4294967295"));
}

#[test]
fn a_file_without_requests_is_refused() {
    assert_eq!(error(Format::BurstGpt, ""), "t: is empty\nhint: give a header and a row for each request");
    let header = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n";
    assert_eq!(error(Format::AzureLlm, header), "t: has no requests\nhint: give a row for each request");
    assert_eq!(error(Format::Mooncake, "\n"), "t: has no requests\nhint: give a row for each request");
}

#[test]
fn what_is_not_text_is_refused() {
    for format in Format::ALL {
        assert_eq!(
            error(format, b"\x89PNG\r\n\x1a\n\0\0\0"),
            "t: is not text but binary data\nhint: give a file in UTF-8"
        );
        assert_eq!(error(format, b"\x1f\x8b\x08\0"), "t: is gzipped\nhint: let its name end in `.gz`");
    }
}

#[test]
fn azure_times_of_2023_and_2024_are_read() {
    let trace = read(
        Format::AzureLlm,
        "TIMESTAMP,ContextTokens,GeneratedTokens\r\n\
         2023-11-16 18:15:46.6805900,374,44\r\n\
         2023-11-16 18:15:50.9951690,396,109",
    );
    assert_eq!(records(&trace), [record(0, 0, 374, 0, 44), record(4_314_579, 0, 396, 0, 109)]);
    let trace = read(
        Format::AzureLlm,
        "TIMESTAMP,ContextTokens,GeneratedTokens\n\
         2024-05-10 00:00:00.009930+00:00,2162,5\n\
         2024-05-10 00:00:00+00:00,2399,6\n",
    );
    assert_eq!(records(&trace), [record(0, 0, 2399, 0, 6), record(9_930, 0, 2162, 0, 5)]);
    assert!(trace.model.is_none() && trace.cached.is_none());
}

#[test]
fn burstgpt_is_read_with_sessions_or_without() {
    let genuine = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n\
                   5,ChatGPT,472,18,490,Conversation log\n\
                   45,ChatGPT,1087,230,1317,Conversation log\n\
                   118,GPT-4,417,276,693,Conversation log\n";
    let expected =
        [record(0, 0, 472, 0, 18), record(40_000_000, 0, 1087, 0, 230), record(113_000_000, 1, 417, 0, 276)];
    let trace = read(Format::BurstGpt, genuine);
    assert_eq!(records(&trace), expected);
    assert!(trace.model.is_some() && trace.cached.is_none());
    let later = "Timestamp,Session ID,Elapsed time,Model,\
                 Request tokens,Response tokens,Total tokens,Log Type\n\
                 19440110.3,7,1.5,GPT-4,10,0,10,Conversation log\n\
                 19440110.0,9,,ChatGPT,11,2,13,Conversation log\n\
                 19440112,7,0,ChatGPT,12,3,15,Conversation log\n";
    let trace = read_with(&by_column(Format::BurstGpt), later).unwrap();
    assert_eq!(records(&trace)[1], record(300_000, 1, 10, 0, 0));
    assert_eq!(trace.account_names, ["9", "7"]);
    assert_eq!(prompts(&trace), [&[11][..], &[10, 12]]);
}

#[test]
fn mooncake_times_are_milliseconds_and_hashes_are_ignored() {
    let trace = read(
        Format::Mooncake,
        "{\"timestamp\": 3000, \"input_length\": 7, \"output_length\": 52, \"hash_ids\": [46, 47]}\r\n\n\
         {\"timestamp\": 27, \"input_length\": 6, \"output_length\": 26, \"hash_ids\": []}",
    );
    assert_eq!(records(&trace), [record(0, 0, 6, 0, 26), record(2_973_000, 0, 7, 0, 52)]);
    assert!(trace.model.is_none() && trace.cached.is_none());
}

#[test]
fn mooncake_faults_are_told_by_key() {
    let counts = "write a whole number of tokens, from 0 to 4294967295";
    let object =
        r#"write an object a line, as in `{"timestamp": 0, "input_length": 6755, "output_length": 500}`"#;
    for (line, wrong, hint) in [
        (
            r#"{"timestamp": 0.5, "input_length": 1, "output_length": 1}"#,
            "`timestamp` is `0.5`",
            "write whole milliseconds",
        ),
        (
            r#"{"timestamp": 9223372036854775807, "input_length": 1, "output_length": 1}"#,
            "`timestamp` is out of reach",
            "stay within 14,000 years of zero",
        ),
        (
            r#"{"timestamp": -9223372036854775808, "input_length": 1, "output_length": 1}"#,
            "`timestamp` is out of reach",
            "stay within 14,000 years of zero",
        ),
        (r#"{"input_length": 1, "output_length": 1}"#, "`timestamp` is missing", "write whole milliseconds"),
        (r#"{"timestamp": 0, "input_length": -1, "output_length": 1}"#, "`input_length` is `-1`", counts),
        (r#"{"timestamp": 0, "input_length": 1, "output_length": 1.5}"#, "`output_length` is `1.5`", counts),
        (
            r#"{"timestamp": 0, "input_length": 1, "output_length": null}"#,
            "`output_length` is missing",
            counts,
        ),
        (
            r#"{"timestamp": 0"#,
            "`{\"timestamp\": 0` is not a request: EOF while parsing an object (column 15)",
            object,
        ),
    ] {
        let text = format!("{{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1}}\n\n{line}\n");
        assert_eq!(error(Format::Mooncake, text), format!("t:3: {wrong}\nhint: {hint}"));
    }
}

#[test]
fn a_folder_or_a_missing_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let message = |path: &Path| Trace::read(path, &options(Format::Billsim)).unwrap_err().to_string();
    assert_eq!(
        message(folder.path()),
        format!("{}: is a folder\nhint: name a file in it", folder.path().display())
    );
    assert!(message(&folder.path().join("none.csv")).contains("cannot be opened"));
}

#[test]
fn gzipped_files_are_unpacked_also_when_they_have_several_members() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv.GZ");
    let mut file = File::create(&path).unwrap();
    for part in ["time,prompt_tokens,output_tokens\n0,1,2\n", "5,3,4\n"] {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(part.as_bytes()).unwrap();
        file.write_all(&packed.finish().unwrap()).unwrap();
    }
    let trace = Trace::read(&path, &options(Format::Billsim)).unwrap();
    assert_eq!(records(&trace), [record(0, 0, 1, 0, 2), record(5_000_000, 0, 3, 0, 4)]);
    file.set_len(file.metadata().unwrap().len() - 9).unwrap();
    let message = Trace::read(&path, &options(Format::Billsim)).unwrap_err().to_string();
    assert!(message.contains("cannot be read"), "{message}");
    std::fs::write(&path, "time,prompt_tokens,output_tokens\n0,1,2\n").unwrap();
    let message = Trace::read(&path, &options(Format::Billsim)).unwrap_err().to_string();
    assert!(message.contains("cannot be read"), "{message}");
}
