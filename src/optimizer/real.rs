//! The two kinds of number that parameters on the host are made of, alone and by the register.

use super::rule::Number;
use pulp::Simd;
use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub};

/// `f64` or `f32`.
pub trait Real:
    Number
    + Copy
    + Default
    + PartialOrd
    + Debug
    + Display
    + Send
    + Sync
    + Neg<Output = Self>
    + AddAssign
    + MulAssign
    + Sum
    + Registers
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The name that NumPy, PyTorch and safetensors know: `float64` or `float32`.
    const NAME: &'static str;
    /// The nearest number of this kind.
    fn from_f64(x: f64) -> Self;
    /// The same number.
    fn to_f64(self) -> f64;
    /// Neither infinite nor NaN?
    fn is_finite(self) -> bool;
}

/// How a number is held in registers; for this crate's own loops.
#[doc(hidden)]
pub trait Registers: Sized {
    type Register<S: Simd>: Copy;
    /// A register that calculates.
    type Lanes<S: Simd>: Number + Copy;
    fn registers<S: Simd>(slice: &[Self]) -> (&[Self::Register<S>], &[Self]);
    fn registers_mut<S: Simd>(slice: &mut [Self]) -> (&mut [Self::Register<S>], &mut [Self]);
    fn lanes<S: Simd>(simd: S, register: Self::Register<S>) -> Self::Lanes<S>;
    fn register<S: Simd>(lanes: Self::Lanes<S>) -> Self::Register<S>;
}

/// For one kind of number: itself and a register of it as [`Number`]; every lane does what one number does, to the bit.
macro_rules! real {
    ($T:ident, $name:literal, $Lanes:ident, $reg:ident, $as_simd:ident, $as_mut_simd:ident, $add:ident, $sub:ident, $mul:ident,
     $div:ident, $splat:ident, $sqrt:ident, $abs:ident, $neg:ident, $gt:ident, $lt:ident, $select:ident) => {
        impl Real for $T {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NAME: &'static str = $name;
            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $T
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $T::is_finite(self)
            }
        }

        impl Number for $T {
            #[inline(always)]
            fn scale(self, c: f64) -> Self {
                c as $T * self
            }
            #[inline(always)]
            fn shift(self, c: f64) -> Self {
                self + c as $T
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $T::sqrt(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $T::abs(self)
            }
            #[inline(always)]
            fn sign(self) -> Self {
                // 0 and NaN stay what they are.
                if $T::abs(self) > 0.0 {
                    (1.0 as $T).copysign(self)
                } else {
                    self
                }
            }
            #[inline(always)]
            fn at_least(self, c: f64) -> Self {
                let c = c as $T;
                if self < c { c } else { self }
            }
            #[inline(always)]
            fn at_most(self, c: f64) -> Self {
                let c = c as $T;
                if self > c { c } else { self }
            }
        }

        impl Registers for $T {
            type Register<S: Simd> = S::$reg;
            type Lanes<S: Simd> = $Lanes<S>;
            #[inline(always)]
            fn registers<S: Simd>(slice: &[Self]) -> (&[S::$reg], &[Self]) {
                S::$as_simd(slice)
            }
            #[inline(always)]
            fn registers_mut<S: Simd>(slice: &mut [Self]) -> (&mut [S::$reg], &mut [Self]) {
                S::$as_mut_simd(slice)
            }
            #[inline(always)]
            fn lanes<S: Simd>(simd: S, register: S::$reg) -> $Lanes<S> {
                $Lanes(simd, register)
            }
            #[inline(always)]
            fn register<S: Simd>(lanes: $Lanes<S>) -> S::$reg {
                lanes.1
            }
        }

        #[doc(hidden)]
        #[derive(Clone, Copy, Debug)]
        pub struct $Lanes<S: Simd>(S, S::$reg);

        impl<S: Simd> Add for $Lanes<S> {
            type Output = Self;
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Self(self.0, self.0.$add(self.1, other.1))
            }
        }

        impl<S: Simd> Sub for $Lanes<S> {
            type Output = Self;
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                Self(self.0, self.0.$sub(self.1, other.1))
            }
        }

        impl<S: Simd> Mul for $Lanes<S> {
            type Output = Self;
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Self(self.0, self.0.$mul(self.1, other.1))
            }
        }

        impl<S: Simd> Div for $Lanes<S> {
            type Output = Self;
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                Self(self.0, self.0.$div(self.1, other.1))
            }
        }

        impl<S: Simd> Number for $Lanes<S> {
            #[inline(always)]
            fn scale(self, c: f64) -> Self {
                Self(self.0, self.0.$mul(self.0.$splat(c as $T), self.1))
            }
            #[inline(always)]
            fn shift(self, c: f64) -> Self {
                Self(self.0, self.0.$add(self.1, self.0.$splat(c as $T)))
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                Self(self.0, self.0.$sqrt(self.1))
            }
            #[inline(always)]
            fn abs(self) -> Self {
                Self(self.0, self.0.$abs(self.1))
            }
            #[inline(always)]
            fn sign(self) -> Self {
                let Self(simd, x) = self;
                let (zero, one) = (simd.$splat(0.0), simd.$splat(1.0));
                let positive = simd.$gt(x, zero);
                let negative = simd.$lt(x, zero);
                // 0 and NaN stay what they are.
                let sign = simd.$select(negative, simd.$neg(one), x);
                Self(simd, simd.$select(positive, one, sign))
            }
            #[inline(always)]
            fn at_least(self, c: f64) -> Self {
                let Self(simd, x) = self;
                let c = simd.$splat(c as $T);
                Self(simd, simd.$select(simd.$lt(x, c), c, x))
            }
            #[inline(always)]
            fn at_most(self, c: f64) -> Self {
                let Self(simd, x) = self;
                let c = simd.$splat(c as $T);
                Self(simd, simd.$select(simd.$gt(x, c), c, x))
            }
        }
    };
}

real!(
    f64,
    "float64",
    Lanes64,
    f64s,
    as_simd_f64s,
    as_mut_simd_f64s,
    add_f64s,
    sub_f64s,
    mul_f64s,
    div_f64s,
    splat_f64s,
    sqrt_f64s,
    abs_f64s,
    neg_f64s,
    greater_than_f64s,
    less_than_f64s,
    select_f64s
);
real!(
    f32,
    "float32",
    Lanes32,
    f32s,
    as_simd_f32s,
    as_mut_simd_f32s,
    add_f32s,
    sub_f32s,
    mul_f32s,
    div_f32s,
    splat_f32s,
    sqrt_f32s,
    abs_f32s,
    neg_f32s,
    greater_than_f32s,
    less_than_f32s,
    select_f32s
);
