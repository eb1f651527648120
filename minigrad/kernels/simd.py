"""Vectors written out in LLVM, where a loop that LLVM makes into vectors by itself would not do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba.core.cgutils
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from minigrad.kernels.host import host

cgutils: Any = numba.core.cgutils
INT32, INT64 = ir.IntType(32), ir.IntType(64)

# What it makes is called with one argument less than it is written with.
in_kernels: Callable[[Callable[..., Any]], Any] = intrinsic


def data_of(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    """The pointer to an array's first number."""
    return context.make_array(kind)(context, builder, array).data


class Vectors:
    """Instructions on vectors as wide as the processor's registers, for numbers of type `scalar`."""

    def __init__(self, builder: Any, scalar: Any):
        self.builder, self.scalar = builder, scalar
        self.bytes = 4 if scalar == ir.FloatType() else 8
        self.lanes = host().vector_bytes // self.bytes
        self.type = ir.VectorType(scalar, self.lanes)

    def full(self, number: float) -> Any:
        """The same constant in every lane."""
        return ir.Constant(self.type, [number] * self.lanes)

    def spread(self, number: Any, kind: Any = None) -> Any:
        """A number in every lane."""
        undefined = ir.Constant(kind or self.type, ir.Undefined)
        one = self.builder.insert_element(undefined, number, ir.Constant(INT32, 0))
        return self.builder.shuffle_vector(
            one, undefined, ir.Constant(ir.VectorType(INT32, self.lanes), [0] * self.lanes)
        )

    def load(self, place: Any) -> Any:
        """A vector from memory, of which no more alignment is promised than a number's."""
        loaded = self.builder.load(self.builder.bitcast(place, self.type.as_pointer()), typ=self.type)
        loaded.align = self.bytes
        return loaded

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        """x · y + z, in one instruction where there is one."""
        if not host().fma:
            return self.builder.fadd(self.builder.fmul(x, y), z)
        return self._call(f"llvm.fma.{self._suffix}", self.type, x, y, z)

    def first(self, count: Any, before: int = 0) -> Any:
        """A mask: the lanes whose number, `before` added, is below count."""
        kind = ir.VectorType(INT64, self.lanes)
        numbers = ir.Constant(kind, [before + lane for lane in range(self.lanes)])
        return self.builder.icmp_signed("<", numbers, self.spread(count, kind))

    def masked_load(self, place: Any, mask: Any, otherwise: float = 0.0) -> Any:
        """A vector from memory where the mask is set, a constant elsewhere; nothing else is touched."""
        place = self.builder.bitcast(place, self.type.as_pointer())
        name = f"llvm.masked.load.{self._suffix}.p0"
        return self._call(name, self.type, place, ir.Constant(INT32, self.bytes), mask, self.full(otherwise))

    def masked_store(self, value: Any, place: Any, mask: Any) -> None:
        """To memory where the mask is set; nothing else is touched."""
        place = self.builder.bitcast(place, self.type.as_pointer())
        name = f"llvm.masked.store.{self._suffix}.p0"
        self._call(name, ir.VoidType(), value, place, ir.Constant(INT32, self.bytes), mask)

    def folded(self, vector: Any, combine: Any) -> Any:
        """One number from all lanes, by halves."""
        width = self.lanes
        while width > 1:
            width //= 2
            order = [lane + width if lane < width else lane for lane in range(self.lanes)]
            other = ir.Constant(ir.VectorType(INT32, self.lanes), order)
            vector = combine(vector, self.builder.shuffle_vector(vector, vector, other))
        return self.builder.extract_element(vector, ir.Constant(INT32, 0))

    @property
    def _suffix(self) -> str:
        return f"v{self.lanes}f{8 * self.bytes}"

    def _call(self, name: str, result: Any, *args: Any) -> Any:
        kind = ir.FunctionType(result, [argument.type for argument in args])
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name), args)


@in_kernels
def widest(typing: Any) -> Any:
    """Called anywhere in a kernel: LLVM may use the widest registers for that function's own loops too.

    By itself it keeps to half of AVX-512's, which were dear on the first processors to have them.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        # llvmlite knows no attributes with a value by name, but prints what is in the set.
        set.add(builder.function.attributes, f'"prefer-vector-width"="{8 * host().vector_bytes}"')
        return context.get_dummy_value()

    return types.void(), generate


@in_kernels
def signal(typing: Any, flags: Any, at: Any) -> Any:
    """flags[at] = 1, seen by other threads only after all that was written before it."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = builder.gep(data_of(context, builder, flags, args[0]), [args[1]])
        builder.store_atomic(ir.Constant(INT64, 1), place, "release", 8)
        return context.get_dummy_value()

    return types.void(flags, types.intp), generate


@in_kernels
def wait_for(typing: Any, flags: Any, at: Any) -> Any:
    """Until another thread has signalled flags[at]; then all that it wrote before can be read."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = builder.gep(data_of(context, builder, flags, args[0]), [args[1]])
        again, done = builder.append_basic_block("again"), builder.append_basic_block("done")
        builder.branch(again)
        builder.position_at_end(again)
        flag = builder.load_atomic(place, "acquire", 8, typ=INT64)
        builder.cbranch(builder.icmp_signed("==", flag, ir.Constant(INT64, 0)), again, done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return types.void(flags, types.intp), generate


def _fold(combine: Any, start: float) -> Any:
    """A function (array, at, n) of n numbers in a row."""

    @in_kernels
    def fold(typing: Any, array: Any, at: Any, n: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            vectors = Vectors(builder, context.get_data_type(array.dtype))
            place = builder.gep(data_of(context, builder, array, args[0]), [args[1]])
            result = cgutils.alloca_once_value(builder, vectors.full(start))
            step = ir.Constant(INT64, vectors.lanes)
            with cgutils.for_range_slice(builder, ir.Constant(INT64, 0), args[2], step) as (i, _):
                mask = vectors.first(builder.sub(args[2], i))
                part = vectors.masked_load(builder.gep(place, [i]), mask, start)
                builder.store(combine(builder, builder.load(result, typ=vectors.type), part), result)
            return vectors.folded(builder.load(result, typ=vectors.type), lambda a, b: combine(builder, a, b))

        return array.dtype(array, types.intp, types.intp), generate

    return fold


total = _fold(lambda builder, a, b: builder.fadd(a, b), 0.0)
"""The sum of n numbers of a flat array from a place on, as many sums side by side as a vector has lanes."""

largest = _fold(lambda builder, a, b: builder.select(builder.fcmp_ordered(">", b, a), b, a), float("-inf"))
"""The largest of n numbers of a flat array from a place on; NaN is passed over."""
