//! An administration's feed: what it is told, in one order, from which a reader goes on where it stopped.

use super::PartnerEvent;
use crate::{Fault, Instant, Refusal, id::PartnerEventId};

/// A place in a feed; the first event stands at 1, and 0 is before all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct FeedPosition(i64);

impl FeedPosition {
    /// The last place that there can be: numbers of JSON are exact up to here.
    pub const MAX: i64 = (1 << 53) - 1;

    /// A place from 0 to [`FeedPosition::MAX`].
    pub fn new(position: i64) -> Option<Self> {
        (0..=Self::MAX).contains(&position).then_some(Self(position))
    }
    /// Its number.
    pub fn get(self) -> i64 {
        self.0
    }
}

/// An event with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldEvent {
    /// Which event this is: the same again is harmless to its reader.
    pub id: PartnerEventId,
    /// Its place.
    pub position: FeedPosition,
    /// When it happened.
    pub happened_at: Instant,
    /// What.
    pub event: PartnerEvent,
}

/// How far a feed goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Feed {
    /// The last place in it.
    pub last: FeedPosition,
    /// The last place from which the event is forgotten; nothing up to it is sure to be there.
    pub purged_to: FeedPosition,
}

impl Feed {
    /// That a reader can have stopped at a position.
    ///
    /// # Errors
    /// [`Fault::OutOfRange`]: the feed does not go so far.
    pub fn require_reached(&self, after: FeedPosition) -> Result<(), Fault> {
        if after <= self.last { Ok(()) } else { Err(Fault::OutOfRange { min: 0, max: self.last.get() }) }
    }

    /// Where a reader goes on that stopped at a position; who has none begins with the oldest event.
    ///
    /// # Errors
    /// [`Refusal::EventsGone`] if events after it are forgotten.
    pub fn resume(&self, after: Option<FeedPosition>) -> Result<FeedPosition, Refusal> {
        let after = after.unwrap_or(self.purged_to);
        if after < self.purged_to { Err(Refusal::EventsGone { oldest: self.purged_to }) } else { Ok(after) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_goes_on_where_it_stopped_unless_what_follows_is_gone() {
        let at = |position| FeedPosition::new(position).unwrap();
        let feed = Feed { last: at(9), purged_to: at(4) };
        assert_eq!(feed.resume(None), Ok(at(4)));
        assert_eq!(feed.resume(Some(at(4))), Ok(at(4)));
        assert_eq!(feed.resume(Some(at(9))), Ok(at(9)));
        for forgotten in [0, 3] {
            assert_eq!(feed.resume(Some(at(forgotten))), Err(Refusal::EventsGone { oldest: at(4) }));
        }
        assert_eq!((feed.require_reached(at(9)), Feed::default().require_reached(at(0))), (Ok(()), Ok(())));
        assert_eq!(feed.require_reached(at(10)), Err(Fault::OutOfRange { min: 0, max: 9 }));
    }

    #[test]
    fn a_position_is_a_number_that_json_tells_exactly() {
        assert_eq!((FeedPosition::new(-1), FeedPosition::new(FeedPosition::MAX + 1)), (None, None));
        assert_eq!(FeedPosition::new(FeedPosition::MAX).map(FeedPosition::get), Some(9_007_199_254_740_991));
    }
}
