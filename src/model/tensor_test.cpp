#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include <dbnet/error.hpp>

#include "model/half.hpp"
#include "model/tensor.hpp"

namespace dbnet::model {
namespace {

using testing::ElementsAre;

/// The definition of IEEE 754 binary16, in double.
double f16_value(std::uint16_t bits) {
    const int exponent = bits >> 10 & 31;
    const int fraction = bits & 1023;
    const double sign = bits & 0x8000 ? -1 : 1;
    if (exponent == 0) return sign * std::ldexp(fraction, -24);
    return sign * std::ldexp(1024 + fraction, exponent - 25);
}

TEST(Half, EveryFiniteNumberIsWhatItsBitsSay) {
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        if ((bits & 0x7c00) == 0x7c00) continue;
        const auto half = static_cast<std::uint16_t>(bits);
        ASSERT_EQ(f16_to_f32(half), f16_value(half)) << bits;
        ASSERT_EQ(f32_to_f16(f16_to_f32(half)), half) << bits;
    }
}

TEST(Half, RoundsToTheNearestAndTiesToEven) {
    for (std::uint16_t bits = 0; bits < 0x7bff; ++bits) {
        const auto next = static_cast<std::uint16_t>(bits + 1);
        const auto middle = static_cast<float>((f16_value(bits) + f16_value(next)) / 2);
        ASSERT_EQ(f32_to_f16(middle), bits % 2 == 0 ? bits : next) << bits;
        ASSERT_EQ(f32_to_f16(std::nextafter(middle, 0.f)), bits) << bits;
        ASSERT_EQ(f32_to_f16(std::nextafter(middle, 1e6f)), next) << bits;
    }
}

TEST(Half, KeepsWhatIsNotFinite) {
    const float infinity = std::numeric_limits<float>::infinity();
    EXPECT_EQ(f32_to_f16(infinity), 0x7c00);
    EXPECT_EQ(f32_to_f16(-70000.f), 0xfc00);
    EXPECT_EQ(f32_to_f16(65519.f), 0x7bff);
    EXPECT_EQ(f32_to_f16(65520.f), 0x7c00);
    EXPECT_EQ(f16_to_f32(0xfc00), -infinity);
    EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(std::nanf("")))));
    EXPECT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(std::bit_cast<float>(0x7f800001u)))));
}

TEST(Half, Bf16RoundsTiesToEven) {
    EXPECT_EQ(f32_to_bf16(std::bit_cast<float>(0x3f808000u)), 0x3f80);
    EXPECT_EQ(f32_to_bf16(std::bit_cast<float>(0x3f818000u)), 0x3f82);
    EXPECT_EQ(f32_to_bf16(std::bit_cast<float>(0x3f808001u)), 0x3f81);
    EXPECT_EQ(bf16_to_f32(0x3fc0), 1.5f);
}

TEST(Dims, CountsElements) {
    EXPECT_EQ(element_count({}), 1);
    EXPECT_EQ(element_count({2, 3, 4}), 24);
    EXPECT_EQ(element_count({std::int64_t{1} << 62, 0, std::int64_t{1} << 62}), 0);
    EXPECT_EQ(to_string(Dims{1, -1, 3}), "[1, ?, 3]");
}

ErrorCode code_of(const Dims& dims) {
    try {
        element_count(dims);
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode::internal;
}

TEST(Dims, RefusesAbsurdExtents) {
    EXPECT_EQ(code_of({2, -1}), ErrorCode::malformed);
    EXPECT_EQ(code_of({std::int64_t{1} << 34}), ErrorCode::too_large);
    EXPECT_EQ(code_of({std::int64_t{1} << 32, std::int64_t{1} << 32}), ErrorCode::too_large);
}

TEST(Tensor, NeedsAsManyBytesAsItsShape) {
    EXPECT_THROW(Tensor(DataType::f32, {2}, std::vector<std::byte>(7)), Error);
    const Tensor empty(DataType::f32, {0, 3}, {});
    EXPECT_EQ(empty.size(), 0);
    EXPECT_THROW(empty.i64(), Error);
}

TEST(Tensor, CopiesShareTheirBytes) {
    const Tensor tensor = Tensor::of({3}, std::vector<float>{1, 2, 3});
    const Tensor copy = tensor;
    EXPECT_EQ(copy.bytes().data(), tensor.bytes().data());
    EXPECT_EQ(copy, tensor);
    EXPECT_FALSE(copy == Tensor::of({3}, std::vector<float>{1, 2, 4}));
    EXPECT_FALSE(copy == Tensor::of({1, 3}, std::vector<float>{1, 2, 3}));
}

TEST(Tensor, CastsTowardsZeroAndSaturates) {
    const Tensor floats = Tensor::of({5}, std::vector<float>{-2.7f, 2.7f, 1e30f, -1e30f, NAN});
    const Tensor integers = floats.cast(DataType::i64);
    EXPECT_THAT(integers.i64(), ElementsAre(-2, 2, std::numeric_limits<std::int64_t>::max(),
                                            std::numeric_limits<std::int64_t>::min(), 0));
    EXPECT_THAT(Tensor::scalar(300.f).cast(DataType::u8).cast(DataType::i64).i64(),
                ElementsAre(255));
}

TEST(Tensor, CastsThroughEveryType) {
    const Tensor source = Tensor::of({3}, std::vector<float>{0, 1, 100});
    for (const DataType type : {DataType::f16, DataType::bf16, DataType::f64, DataType::i8,
                                DataType::u8, DataType::i32, DataType::i64}) {
        const Tensor there = source.cast(type);
        EXPECT_EQ(there.type(), type);
        EXPECT_EQ(there.bytes().size(), 3 * size_of(type));
        EXPECT_EQ(there.cast(DataType::f32), source) << to_string(type);
    }
    EXPECT_THAT(source.cast(DataType::boolean).cast(DataType::f32).f32(), ElementsAre(0, 1, 1));
}

TEST(Tensor, ABooleanOfAnyByteIsOne) {
    const Tensor odd(DataType::boolean, {2}, {std::byte{0}, std::byte{77}});
    EXPECT_THAT(odd.cast(DataType::i64).i64(), ElementsAre(0, 1));
}

}  // namespace
}  // namespace dbnet::model
