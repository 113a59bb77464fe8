//! polars as rust-analyzer sees it behind a notebook: the types that a reader binds to a name. Never compiled.

pub mod prelude {
    pub type PolarsResult<T> = Result<T, PolarsError>;

    #[derive(Debug)]
    pub struct PolarsError;

    #[derive(Clone, Debug, Default)]
    pub struct DataFrame;

    impl DataFrame {
        pub fn height(&self) -> usize {
            0
        }
        pub fn width(&self) -> usize {
            0
        }
        pub fn shape(&self) -> (usize, usize) {
            (0, 0)
        }
        pub fn head(&self, _length: Option<usize>) -> DataFrame {
            DataFrame
        }
        pub fn tail(&self, _length: Option<usize>) -> DataFrame {
            DataFrame
        }
        pub fn select<S>(&self, _columns: S) -> PolarsResult<DataFrame> {
            Ok(DataFrame)
        }
    }

    pub trait IntoLazy {
        fn lazy(self) -> LazyFrame;
    }

    impl IntoLazy for DataFrame {
        fn lazy(self) -> LazyFrame {
            LazyFrame
        }
    }

    #[derive(Clone, Default)]
    pub struct LazyFrame;

    impl LazyFrame {
        pub fn filter<P>(self, _predicate: P) -> LazyFrame {
            self
        }
        pub fn select<E>(self, _columns: E) -> LazyFrame {
            self
        }
        pub fn with_column<E>(self, _column: E) -> LazyFrame {
            self
        }
        pub fn with_columns<E>(self, _columns: E) -> LazyFrame {
            self
        }
        pub fn group_by<E>(self, _keys: E) -> LazyGroupBy {
            LazyGroupBy
        }
        pub fn sort<B, O>(self, _by: B, _options: O) -> LazyFrame {
            self
        }
        pub fn limit(self, _rows: u32) -> LazyFrame {
            self
        }
        pub fn collect(self) -> PolarsResult<DataFrame> {
            Ok(DataFrame)
        }
    }

    #[derive(Clone)]
    pub struct LazyGroupBy;

    impl LazyGroupBy {
        pub fn agg<E>(self, _columns: E) -> LazyFrame {
            LazyFrame
        }
    }
}
