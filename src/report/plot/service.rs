//! Service over time: what is refused, and for how long accounts are served.

use super::super::results::Results;
use super::picture::Picture;
use super::style::{WIDTH, heading};
use super::timeline::{MANY_DAYS, Panel, Site, Timeline, averaged, legend_of_policies, values};
use crate::metrics::Unit;

/// What a panel shows, and its column.
const PANELS: [(&str, &str); 2] =
    [("Refused tries, %", "refused_share"), ("Active account time, % (not stopped)", "active_share")];
const HEIGHT: i32 = 330;

/// Two panels of lines over time: refused and active share, a line for each policy; none for a single day.
pub fn picture(data: &Results) -> Option<Picture> {
    let timeline = Timeline::measured(data)?;
    let has_many_days = timeline.days >= MANY_DAYS;
    let mut picture = Picture::new(WIDTH, 0);
    let lines = match has_many_days {
        true => "; each day averaged with three days before and three after it",
        false if data.replications >= 2 => "; bands: 95 % confidence, each policy by itself",
        false => "",
    };
    let top = heading(
        &mut picture,
        "Refused tries and active account time by day, %",
        &format!("all cohorts, {}{lines}", data.replications_in_words()),
    );
    let top = legend_of_policies(&mut picture, data, top);
    for (number, (caption, column)) in PANELS.into_iter().enumerate() {
        let mut lines = timeline.lines(data, column);
        if has_many_days {
            lines = lines.iter().map(|line| averaged(line)).collect();
        }
        let site = Site::in_columns(number, 1, top, HEIGHT);
        let panel = Panel::new(&timeline, Unit::Share, values(&lines), site);
        panel.draw(&mut picture, caption, site.left);
        panel.draw_lines(&mut picture, &lines);
        panel.tell_lines(&mut picture, &lines, &data.policies);
        picture.height = site.below();
    }
    Some(picture)
}
