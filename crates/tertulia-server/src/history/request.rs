//! What is asked for, and whether it makes sense.

use tertulia_core::Seq;
use tertulia_protocol::{Code, ErrorDetail, rest, socket::client::HistoryMode};

/// Most items of a page: what a client shows at once, and what fits a frame's worth of memory.
pub const PAGE_ITEMS_MAX: usize = rest::LIST_LIMIT_MAX as usize;
/// Items of a page if nobody says.
pub const PAGE_ITEMS_DEFAULT: usize = rest::LIST_LIMIT_DEFAULT as usize;

/// How a page is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageMode {
    /// Entries as they are in the log: to sync after a cursor.
    Entries,
    /// Messages and lifecycle entries with what became of them: to show.
    Timeline,
}

impl From<HistoryMode> for PageMode {
    fn from(mode: HistoryMode) -> Self {
        match mode {
            HistoryMode::Entries => Self::Entries,
            HistoryMode::Timeline => Self::Timeline,
        }
    }
}

/// A page of what was said. With `before`: the last items before it; else the first ones after `after`. With both, only
/// what lies between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// How it is made.
    pub mode: PageMode,
    /// Only entries below this one.
    pub before: Option<Seq>,
    /// Only entries above this one.
    pub after: Option<Seq>,
    /// Most items, as the client said it.
    pub limit: Option<i64>,
}

/// The size of a page that a client asked for.
pub fn page_limit(limit: Option<i64>) -> Result<usize, Box<ErrorDetail>> {
    let Some(limit) = limit else { return Ok(PAGE_ITEMS_DEFAULT) };
    match usize::try_from(limit) {
        Ok(items) if (1..=PAGE_ITEMS_MAX).contains(&items) => Ok(items),
        _ => Err(Box::new(ErrorDetail {
            detail: format!("limit is {limit}, and must be from 1 to {PAGE_ITEMS_MAX}"),
            field: Some("limit".to_owned()),
            value: Some(limit.into()),
            bound: Some(PAGE_ITEMS_MAX.into()),
            ..ErrorDetail::new(Code::Invalid, "")
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_out_of_bounds_are_named() {
        assert_eq!(page_limit(None), Ok(50));
        assert_eq!((page_limit(Some(1)), page_limit(Some(200))), (Ok(1), Ok(200)));
        for bad in [0, -1, 201, i64::MAX, i64::MIN] {
            let error = page_limit(Some(bad)).unwrap_err();
            assert_eq!(error.detail, format!("limit is {bad}, and must be from 1 to 200"));
            assert_eq!((error.field.as_deref(), error.value), (Some("limit"), Some(bad.into())));
        }
    }
}
