//! The records of a CSV text: lines cut at their commas, and read by the rules of quotation where they have
//! quotes.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};
use std::ops::ControlFlow;

/// Shows all records of a text that ends with a line feed, each with how many lines come before it. Tells how
/// many bytes and lines have been read then.
///
/// A record ends at a line feed outside of a quotation and nowhere else, so that lines can be counted; blank
/// lines are none. One that is cut off within a quotation is left out, unless the text is the last.
#[inline]
pub fn each(
    text: &[u8],
    is_last: bool,
    mut visit: impl FnMut(u64, Record<'_>) -> ControlFlow<()>,
) -> (usize, u64) {
    let (mut begin, mut lines) = (0, 0);
    let mut ends = Vec::new();
    let mut quotation = None;
    let mut chunk = 0;
    while chunk < text.len() {
        let mut left = marks(&text[chunk..]);
        let mut next = chunk + 64;
        while left != 0 {
            let mark = chunk + left.trailing_zeros() as usize;
            left &= left - 1;
            let (record, bytes) = match text[mark] {
                b',' => {
                    ends.push(mark);
                    continue;
                }
                b'\n' => {
                    ends.push(mark);
                    (Record { text, begin, ends: &ends, gap: 1 }, mark + 1 - begin)
                }
                _ => {
                    let quotation = quotation.get_or_insert_with(Quotation::new);
                    let Some(bytes) = quotation.read(&text[begin..], is_last, &mut ends) else {
                        return (begin, lines);
                    };
                    left = 0;
                    next = begin + bytes;
                    (Record { text: &quotation.text, begin: 0, ends: &ends, gap: 0 }, bytes)
                }
            };
            let flow = match record.len() {
                1 if record.field(0).is_empty() => ControlFlow::Continue(()),
                _ => visit(lines, record),
            };
            lines += if record.gap == 1 { 1 } else { count_lines(&text[begin..begin + bytes]) };
            begin += bytes;
            if flow.is_break() {
                return (begin, lines);
            }
            ends.clear();
        }
        chunk = next;
    }
    (begin, lines)
}

fn count_lines(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// A record.
#[derive(Clone, Copy)]
pub struct Record<'r> {
    text: &'r [u8],
    begin: usize,
    ends: &'r [usize],
    /// How many bytes are between two fields.
    gap: usize,
}

impl<'r> Record<'r> {
    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A field, without spaces around it and the carriage return of a line's end.
    #[inline]
    pub fn field(&self, index: usize) -> &'r [u8] {
        let begin = index.checked_sub(1).map_or(self.begin, |before| self.ends[before] + self.gap);
        match &self.text[begin..self.ends[index]] {
            // Mostly there is nothing to trim, and this is quicker to see.
            field @ [first, .., last] if *first.min(last) > b' ' => field,
            field => field.trim_ascii(),
        }
    }

    /// All fields.
    pub fn fields(&self) -> impl Iterator<Item = &'r [u8]> {
        (0..self.len()).map(|index| self.field(index))
    }
}

/// Reads records with quotes.
struct Quotation {
    reader: Reader,
    /// The fields of the last record, one after another.
    text: Vec<u8>,
}

impl Quotation {
    #[cold]
    fn new() -> Quotation {
        let mut reader = ReaderBuilder::new().terminator(Terminator::Any(b'\n')).build();
        // What it reads first would otherwise be rid of a byte order mark.
        reader.read_record(b"\n", &mut [0], &mut [0]);
        Quotation { reader, text: Vec::new() }
    }

    /// Reads the record that a text begins with, and tells how many bytes it has; `None` where it is cut off.
    fn read(&mut self, text: &[u8], is_last: bool, ends: &mut Vec<usize>) -> Option<usize> {
        let (mut read, mut written, mut fields) = (0, 0, 0);
        loop {
            let (result, bytes_in, bytes_out, fields_out) =
                self.reader.read_record(&text[read..], &mut self.text[written..], &mut ends[fields..]);
            read += bytes_in;
            written += bytes_out;
            fields += fields_out;
            match result {
                ReadRecordResult::OutputFull => self.text.resize(2 * self.text.len() + 64, 0),
                ReadRecordResult::OutputEndsFull => ends.resize(2 * ends.len() + 8, 0),
                // The last record is complete once the end of the text has been seen.
                ReadRecordResult::InputEmpty if is_last => {}
                ReadRecordResult::InputEmpty | ReadRecordResult::End => return None,
                ReadRecordResult::Record => {
                    ends.truncate(fields);
                    return Some(read);
                }
            }
        }
    }
}

/// Which of the first 64 bytes are marks, from the lowest bit on.
#[inline]
fn marks(text: &[u8]) -> u64 {
    text.first_chunk().map_or_else(
        || {
            let mut padded = [0; 64];
            padded[..text.len()].copy_from_slice(text);
            marks_of(&padded)
        },
        marks_of,
    )
}

#[inline]
fn marks_of(text: &[u8; 64]) -> u64 {
    let mut is_mark = [0; 64];
    // A loop over bytes becomes vector instructions on every platform.
    for (is_mark, byte) in is_mark.iter_mut().zip(text) {
        *is_mark = u8::from(*byte == b',') | u8::from(*byte == b'\n') | u8::from(*byte == b'"');
    }
    let (eights, _) = is_mark.as_chunks::<8>();
    eights.iter().rev().fold(0, |marks, eight| {
        // The product gathers the lowest bits of all bytes in the highest byte, without a carry.
        let eight = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        marks << 8 | eight
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The lines before a record, and its fields.
    type Found = (u64, Vec<Vec<u8>>);

    /// The records of a text, and how much of it they are.
    fn records(text: &[u8], is_last: bool) -> (Vec<Found>, usize) {
        let mut found = Vec::new();
        let (bytes, _) = each(text, is_last, |lines, record| {
            found.push((lines, record.fields().map(<[u8]>::to_vec).collect()));
            ControlFlow::Continue(())
        });
        (found, bytes)
    }

    proptest! {
        #[test]
        fn records_are_those_of_the_csv_crate(text in "([a-c],|[ a\r\"]{0,3}|\n|\"\"|,|[a-z]{60}){0,40}\n") {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .terminator(csv::Terminator::Any(b'\n'))
                .from_reader(text.as_bytes());
            let expected: Vec<Vec<Vec<u8>>> = reader
                .byte_records()
                .map(|record| record.unwrap().iter().map(|field| field.trim_ascii().to_vec()).collect())
                .filter(|record: &Vec<Vec<u8>>| record.len() > 1 || !record[0].is_empty())
                .collect();
            let (found, bytes) = records(text.as_bytes(), true);
            prop_assert_eq!(bytes, text.len());
            prop_assert_eq!(found.into_iter().map(|(_, record)| record).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn a_text_in_two_parts_has_the_same_records(text in "(a|,|\"|\n){0,40}\n", cut in 0..40_usize) {
            let whole = records(text.as_bytes(), true).0;
            let (first, rest) = text.split_at(text[cut % text.len()..].find('\n').unwrap() + cut % text.len() + 1);
            let (mut found, bytes) = records(first.as_bytes(), false);
            let lines = first[..bytes].matches('\n').count() as u64;
            let left = format!("{}{rest}", &first[bytes..]);
            found.extend(records(left.as_bytes(), true).0.into_iter().map(|(line, record)| (lines + line, record)));
            prop_assert_eq!(found, whole);
        }
    }

    #[test]
    fn a_quotation_that_is_not_closed_is_left_to_what_follows_unless_nothing_does() {
        let text = b"a,b\n\"c\nd,e\n";
        assert_eq!(records(text, false), (vec![(0, vec![b"a".to_vec(), b"b".to_vec()])], 4));
        assert_eq!(records(text, true).0[1], (1, vec![b"c\nd,e".to_vec()]));
    }

    #[test]
    fn a_byte_order_mark_amid_a_file_stays() {
        let text = "\u{feff}a,\"b\"\n";
        assert_eq!(records(text.as_bytes(), true).0[0].1[0], "\u{feff}a".as_bytes());
    }
}
