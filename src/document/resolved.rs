//! Resolved documents: everything that was read, with every default, as TOML.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The widest line before a table gets lines of its own.
const WIDTH: usize = 110;

/// An index into the nodes of a document.
pub(super) type NodeId = usize;
/// The node of the whole file.
pub(super) const ROOT: NodeId = 0;

/// A value of a resolved document.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// TOML, as it was written.
    Literal(String),
    /// The path of a file.
    Path(PathBuf),
    Array(Vec<NodeId>),
    Table(Vec<(String, NodeId)>),
}

/// What was read from a document, with every default written out: to read it again gives the same.
#[derive(Clone, Debug)]
pub struct Resolved {
    nodes: Vec<Node>,
}

impl Resolved {
    pub(super) fn new(nodes: Vec<Node>) -> Resolved {
        Resolved { nodes }
    }

    /// Replaces a value that was read, under a key of a table of the file, by another one, given as TOML.
    ///
    /// # Panics
    /// If there was no such table.
    pub fn set(&mut self, table: &str, key: &str, value: String) {
        let table = self.entry(ROOT, table).expect("a table that was read");
        let node = self.nodes.len();
        self.nodes.push(Node::Literal(value));
        let Node::Table(entries) = &mut self.nodes[table] else { panic!("`{key}` is set in a table") };
        match entries.iter_mut().find(|(name, _)| name == key) {
            Some(entry) => entry.1 = node,
            None => entries.push((key.to_owned(), node)),
        }
    }

    /// Keeps only some of the tables of an array of the file, by their place in it from 0.
    ///
    /// # Panics
    /// If there was no such array.
    pub fn keep(&mut self, array: &str, keeps: impl Fn(usize) -> bool) {
        let array = self.entry(ROOT, array).expect("an array that was read");
        let Node::Array(items) = &mut self.nodes[array] else { panic!("only arrays have items") };
        let mut index = 0..;
        items.retain(|_| keeps(index.next().expect("endless")));
    }

    /// The document as TOML. Paths of files are written as seen from a folder.
    pub fn to_toml(&self, folder: &Path) -> String {
        let mut writer = Writer { nodes: &self.nodes, folder, out: String::new() };
        writer.section(ROOT, "", None);
        writer.out
    }

    fn entry(&self, table: NodeId, key: &str) -> Option<NodeId> {
        let Node::Table(entries) = &self.nodes[table] else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, node)| *node)
    }
}

struct Writer<'r> {
    nodes: &'r [Node],
    folder: &'r Path,
    out: String,
}

impl Writer<'_> {
    /// Writes a table in lines of its own: first what fits a line, then the tables that do not.
    fn section(&mut self, table: NodeId, path: &str, header: Option<String>) {
        if let Some(header) = header {
            let gap = if self.out.is_empty() { "" } else { "\n" };
            let _ = writeln!(self.out, "{gap}{header}");
        }
        let Node::Table(entries) = &self.nodes[table] else { unreachable!("sections are tables") };
        let mut sections = Vec::new();
        for (key, node) in entries {
            let is_top = path.is_empty();
            let line = format!("{} = {}", written_key(key), self.inline(*node));
            match &self.nodes[*node] {
                Node::Table(_) if is_top || line.len() > WIDTH => sections.push((key, *node)),
                Node::Array(items) if is_top && items.iter().any(|item| self.is_table(*item)) => {
                    sections.push((key, *node));
                }
                Node::Array(items) if line.len() > WIDTH => {
                    let _ = writeln!(self.out, "{} = [", written_key(key));
                    for item in items {
                        let _ = writeln!(self.out, "    {},", self.inline(*item));
                    }
                    self.out.push_str("]\n");
                }
                _ => {
                    let _ = writeln!(self.out, "{line}");
                }
            }
        }
        for (key, node) in sections {
            let dot = if path.is_empty() { "" } else { "." };
            let path = format!("{path}{dot}{}", written_key(key));
            match &self.nodes[node] {
                Node::Array(items) => {
                    for item in items {
                        self.section(*item, &path, Some(format!("[[{path}]]")));
                    }
                }
                _ => self.section(node, &path, Some(format!("[{path}]"))),
            }
        }
    }

    fn is_table(&self, node: NodeId) -> bool {
        matches!(self.nodes[node], Node::Table(_))
    }

    /// A value in one line.
    fn inline(&self, node: NodeId) -> String {
        match &self.nodes[node] {
            Node::Literal(literal) => literal.clone(),
            Node::Path(path) => quoted(&self.seen_from_folder(path).to_string_lossy()),
            Node::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.inline(*item)).collect();
                format!("[{}]", items.join(", "))
            }
            Node::Table(entries) if entries.is_empty() => "{}".to_owned(),
            Node::Table(entries) => {
                let entries = entries.iter().map(|(key, node)| (written_key(key), self.inline(*node)));
                let entries: Vec<String> = entries.map(|(key, value)| format!("{key} = {value}")).collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }

    fn seen_from_folder(&self, path: &Path) -> PathBuf {
        let absolute =
            |path: &Path| std::path::absolute(if path == Path::new("") { Path::new(".") } else { path });
        let (Ok(file), Ok(folder)) = (absolute(path), absolute(self.folder)) else { return path.to_owned() };
        pathdiff::diff_paths(&file, folder).unwrap_or(file)
    }
}

/// A key as TOML: bare where that is possible.
fn written_key(key: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !key.is_empty() && key.bytes().all(is_bare) { key.to_owned() } else { quoted(key) }
}

/// A text as a TOML string, in one line.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            _ if character.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}
