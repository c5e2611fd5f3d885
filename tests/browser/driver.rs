//! A browser without a window, driven over the WebDriver protocol.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use ureq::Agent;

/// A running browser; dropped, it ends.
pub struct Browser {
    agent: Agent,
    session: String,
    driver: Child,
    /// Where the browser keeps its things.
    _profile: TempDir,
}

/// Where a pointer goes, and what it is.
#[derive(Clone, Copy)]
pub enum Pointer {
    /// A mouse moves there.
    Mouse,
    /// A finger taps.
    Touch,
}

impl Browser {
    /// Starts a browser; `None` where there is none to start.
    pub fn start() -> Option<Browser> {
        let mut command = Command::new("chromedriver");
        let mut driver = command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let said = driver.stdout.take().expect("its output is piped");
        let port = BufReader::new(said)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                line.trim_end_matches('.').split_once("successfully on port ")?.1.parse::<u16>().ok()
            })
            .expect("the driver says its port");
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let profile = tempfile::tempdir().expect("there is room for temporary files");
        let folder = format!("--user-data-dir={}", profile.path().display());
        let mut arguments = vec![folder.as_str()];
        arguments.extend([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
        ]);
        let mut browser =
            Browser { agent, session: format!("http://127.0.0.1:{port}/session"), driver, _profile: profile };
        let capabilities = json!({
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let begun = browser.post("", json!({ "capabilities": { "alwaysMatch": capabilities } }));
        let id = begun["sessionId"].as_str().expect("a session begins");
        browser.session = format!("{}/{id}", browser.session);
        Some(browser)
    }

    fn post(&self, path: &str, body: Value) -> Value {
        let request = self.agent.post(format!("{}{path}", self.session)).content_type("application/json");
        let mut response = request.send(body.to_string()).expect("the driver answers");
        let text =
            response.body_mut().with_config().limit(64 << 20).read_to_string().expect("it answers with text");
        let mut answer: Value = serde_json::from_str(&text).expect("it answers with JSON");
        assert!(response.status().is_success(), "{path} {body:.300}: {answer}");
        answer["value"].take()
    }

    /// Opens a page.
    pub fn open(&self, url: &str) {
        self.post("/url", json!({ "url": url }));
    }

    /// What a function's body returns when it is run in the page.
    pub fn run(&self, body: &str, arguments: Value) -> Value {
        self.post("/execute/sync", json!({ "script": body, "args": arguments }))
    }

    /// Has the browser's own developer tools do something.
    pub fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.post("/goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }

    /// What was logged since it was last asked: of `browser`, what its console shows; of `performance`, all
    /// that it did.
    pub fn log(&self, of: &str) -> Vec<Value> {
        let Value::Array(entries) = self.post("/se/log", json!({ "type": of })) else {
            panic!("a log is a list")
        };
        entries
    }

    /// Has the pages that follow shown in a window of that size.
    pub fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size);
    }

    /// Has pages shown as for people who like it `dark` or `light`.
    pub fn prefer(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Points at a place of the window.
    pub fn point(&self, pointer: Pointer, x: f64, y: f64) {
        let (x, y) = (x.round() as i64, y.round() as i64);
        let there = json!({ "type": "pointerMove", "duration": 0, "x": x, "y": y });
        let (kind, actions) = match pointer {
            Pointer::Mouse => ("mouse", json!([there])),
            Pointer::Touch => {
                let down = json!({ "type": "pointerDown", "button": 0 });
                ("touch", json!([there, down, { "type": "pointerUp", "button": 0 }]))
            }
        };
        let parameters = json!({ "pointerType": kind });
        let source = json!({ "type": "pointer", "id": kind, "parameters": parameters, "actions": actions });
        self.post("/actions", json!({ "actions": [source] }));
    }

    /// Presses a key, by its code in the protocol or as the character that it types.
    pub fn press(&self, key: &str) {
        let actions = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        self.post(
            "/actions",
            json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }),
        );
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // What does not end by itself is ended.
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
