#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/cpu/kernels/activation.hpp"
#include "engine/cpu/kernels/round_up.hpp"
#include "model/attributes.hpp"

// Everything of oneDNN that the plan executor uses, in terms of our own: the one file that knows
// whether it is oneDNN 2.6 or 3.x. Values are f32.
namespace dbnet::engine::cpu {

/// How a value lies in memory. plain: dense in C order. blocked (four dimensions only): channels in
/// blocks, [N][C / B][H][W][B] with B = channel_block() and C rounded up to whole blocks. Channels
/// beyond C hold arbitrary finite numbers; whoever reads them multiplies them by zero weights or
/// drops them.
enum class Layout : std::uint8_t { plain, blocked };

/// 16 with AVX-512, 8 on other x86 processors, 1 (no blocked layout) elsewhere.
std::int64_t channel_block();

/// Extents and layout of an f32 value.
struct Shape {
    model::Dims dims;
    Layout layout = Layout::plain;

    /// Extents with the channels rounded up to whole blocks.
    model::Dims physical() const;
    std::size_t bytes() const;
};

/// Whether oneDNN can apply the function to a result before it stores it, as exactly as apply(),
/// NaN included.
bool is_epilogue(const Activation& activation);

/// What happens to a result before it is stored: added to what is there, then the activation, of
/// which is_epilogue() holds.
struct Epilogue {
    bool accumulate = false;
    std::optional<Activation> activation;
};

/// A compiled primitive; copies share it. Usable by any number of threads at the same time.
class Primitive {
public:
    struct Impl;
    explicit Primitive(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

    std::size_t scratch_bytes() const;
    /// oneDNN's name of the kernel: "jit:avx512_core", ...
    const std::string& implementation() const;
    const Impl& impl() const { return *impl_; }

private:
    std::shared_ptr<const Impl> impl_;
};

/// Weights in the layout that a primitive has chosen for them.
class WeightsLayout {
public:
    struct Impl;
    explicit WeightsLayout(const Primitive& primitive);

    std::size_t bytes() const;
    /// Numbers of the dense weights.
    std::size_t count() const;
    /// Reorders dense weights, as the primitive's builder describes them.
    void pack(const float* dense, void* packed) const;
    friend bool operator==(const WeightsLayout& a, const WeightsLayout& b);

private:
    std::shared_ptr<const Impl> impl_;
};

/// A primitive with the argument objects of one context, made on the first execution and adjusted
/// when a pointer changes.
class BoundPrimitive {
public:
    BoundPrimitive();
    ~BoundPrimitive();
    BoundPrimitive(BoundPrimitive&&) noexcept;
    BoundPrimitive& operator=(BoundPrimitive&&) noexcept;

    /// `operands` in the order that the builder gives; the scratch memory is the caller's and
    /// 64-byte aligned.
    void execute(const Primitive& primitive, std::span<void* const> operands, void* scratch);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Sets the size of the calling thread's OpenMP team and makes its threads treat subnormal numbers
/// as zero, and back.
class ThreadTeam {
public:
    explicit ThreadTeam(int threads);
    ~ThreadTeam();
    ThreadTeam(const ThreadTeam&) = delete;
    ThreadTeam& operator=(const ThreadTeam&) = delete;

private:
    int before_;
    std::vector<std::uint64_t> states_;  ///< of the team's threads, before
};

// Builders. They prepare for a team of the size that the calling thread has (ThreadTeam), with
// which the primitive must be executed. nullopt: oneDNN has no implementation of that.

struct ConvShape {
    Shape source;
    Shape destination;
    model::Window window;
    std::int64_t group = 1;
    bool bias = false;
    bool transposed = false;
};
/// Operands: source, weights, bias (if any), destination. Dense weights are [group, M / group,
/// C / group, kernel...] without the first dimension if group is 1, for the physical channels (a
/// depthwise convolution has as many groups as physical channels); the bias is [physical M].
std::optional<Primitive> make_conv(const ConvShape& shape, const Epilogue& epilogue);

enum class BinaryKind : std::uint8_t { add, sub, mul, div };
/// Operands: a, b, destination. b is broadcast to a, whose extents the destination has; a may be
/// the destination's memory.
std::optional<Primitive> make_binary(BinaryKind kind, const Shape& a, const Shape& b,
                                     const std::optional<Activation>& activation);

enum class PoolKind : std::uint8_t { max, average_inside, average_padded };
/// Operands: source, destination.
std::optional<Primitive> make_pool(PoolKind kind, const Shape& source, const Shape& destination,
                                   const model::Window& window);

/// Operands: source, destination. Both plain.
std::optional<Primitive> make_softmax(const model::Dims& dims, std::size_t axis);

struct MatMulShape {
    model::Dims a;  ///< [..., m, k]
    model::Dims b;  ///< [..., k, n]; as many dimensions as a
    model::Dims destination;
    bool transposed_a = false;  ///< stored as [..., k, m]
    bool transposed_b = false;  ///< stored as [..., n, k]
    bool bias = false;          ///< [n]
};
/// Operands: a, b, bias (if any), destination.
std::optional<Primitive> make_matmul(const MatMulShape& shape);

/// Operands: source, destination: the same value in two layouts.
Primitive make_reorder(const model::Dims& dims, Layout from, Layout to);

std::string onednn_version();
/// The instruction set that oneDNN generates code for: "avx512_core", ...
std::string onednn_isa();

}  // namespace dbnet::engine::cpu
