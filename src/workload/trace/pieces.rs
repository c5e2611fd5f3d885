//! A file in pieces of whole lines, which are read one after another and parsed several at a time.

use super::cannot_read;
use super::error::Fault;
use memchr::{memchr, memrchr};
use rayon::prelude::*;
use std::io::{self, Read};

/// About how many bytes a piece has: few enough to stay in the cache of a core until they are parsed.
const PIECE: usize = 1 << 18;

/// A file that is being read.
pub struct Pieces<R> {
    input: R,
    /// What has been read and not been used yet. At the end of the file it ends with a line feed.
    text: Vec<u8>,
    is_whole: bool,
    /// The line that the text begins on.
    line: u64,
}

/// A piece to be parsed.
#[derive(Clone, Copy)]
pub struct Piece<'t> {
    /// Whole lines.
    pub text: &'t [u8],
    /// Whether nothing comes after.
    pub is_last: bool,
}

/// What was made of a piece.
pub struct Parsed<T> {
    /// Its content.
    pub content: T,
    /// How many bytes that was. What is left of a piece that is not the last belongs to the next.
    pub bytes: usize,
    /// How many lines.
    pub lines: u64,
}

impl<R: Read> Pieces<R> {
    /// A file at its beginning.
    pub fn of(input: R) -> Pieces<R> {
        Pieces { input, text: Vec::new(), is_whole: false, line: 1 }
    }

    /// Takes what a parser wants from the beginning. As long as that does not find enough (`None`), it is
    /// shown more, unless it was the last.
    ///
    /// # Errors
    /// Those of the parser, and where the file cannot be read.
    pub fn begin<T>(
        &mut self,
        parse: impl Fn(Piece<'_>) -> Result<Option<Parsed<T>>, Fault>,
    ) -> Result<T, Fault> {
        let mut size = PIECE;
        loop {
            let filled = self.fill(size);
            let piece = Piece { text: self.lines(), is_last: self.is_whole };
            if let Some(Parsed { content, bytes, lines }) = parse(piece)? {
                self.use_up(bytes, lines);
                return Ok(content);
            }
            filled.map_err(|error| cannot_read(error).at(self.line))?;
            size *= 2;
        }
    }

    /// Reads the rest. What `parse` makes of each piece is given to `take` in the order of the file, with the
    /// line that the piece begins on; `parse` sees the state as `take` has left it some pieces earlier.
    ///
    /// # Errors
    /// Where the file cannot be read; what comes before has been taken.
    pub fn read<S: Sync, T: Send>(
        mut self,
        state: &mut S,
        parse: impl Fn(&S, Piece<'_>) -> Parsed<T> + Sync,
        take: impl Fn(&mut S, T, u64),
    ) -> Result<(), Fault> {
        let mut size = PIECE;
        while !(self.is_whole && self.text.is_empty()) {
            let filled = self.fill(size * rayon::current_num_threads());
            let pieces = cut(self.lines(), size, self.is_whole);
            let seen = &*state;
            let parsed: Vec<Parsed<T>> = pieces.par_iter().map(|piece| parse(seen, *piece)).collect();
            let (mut used, mut line) = (0, self.line);
            for (Parsed { content, bytes, lines }, piece) in parsed.into_iter().zip(&pieces) {
                take(state, content, line);
                used += bytes;
                line += lines;
                if bytes < piece.text.len() {
                    // A row goes on into the next piece, so that began amid it.
                    break;
                }
            }
            size = if used == 0 { 2 * size } else { PIECE };
            self.use_up(used, line - self.line);
            filled.map_err(|error| cannot_read(error).at(self.line))?;
        }
        Ok(())
    }

    /// Reads on until there are so many bytes to be used, or all that are left.
    fn fill(&mut self, bytes: usize) -> io::Result<()> {
        let missing = bytes.saturating_sub(self.text.len());
        let read = self.input.by_ref().take(missing as u64).read_to_end(&mut self.text)?;
        if read < missing && !self.is_whole {
            self.is_whole = true;
            self.text.push(b'\n');
        }
        Ok(())
    }

    /// The whole lines among what has been read.
    fn lines(&self) -> &[u8] {
        &self.text[..memrchr(b'\n', &self.text).map_or(0, |end| end + 1)]
    }

    fn use_up(&mut self, bytes: usize, lines: u64) {
        self.text.drain(..bytes);
        self.line += lines;
    }
}

/// Pieces of about that size that end where lines end.
fn cut(mut text: &[u8], size: usize, is_whole: bool) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    while !text.is_empty() {
        let end =
            memchr(b'\n', text.get(size..).unwrap_or_default()).map_or(text.len(), |end| size + end + 1);
        let (piece, rest) = text.split_at(end);
        pieces.push(Piece { text: piece, is_last: is_whole && rest.is_empty() });
        text = rest;
    }
    pieces
}
