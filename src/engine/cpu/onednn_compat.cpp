#include "engine/cpu/onednn_compat.hpp"

#include <omp.h>

#include <algorithm>
#include <array>
#include <limits>
#include <oneapi/dnnl/dnnl.hpp>
#include <utility>

#include "core/error.hpp"
#include "core/subnormals.hpp"

namespace dbnet::engine::cpu {
namespace {

using Desc = dnnl::memory::desc;
constexpr auto kF32 = dnnl::memory::data_type::f32;

const dnnl::engine& engine() {
    static const dnnl::engine instance(dnnl::engine::kind::cpu, 0);
    return instance;
}

/// What oneDNN runs on. On the CPU it has no state, so one serves a thread for ever.
dnnl::stream& stream() {
    thread_local dnnl::stream instance(engine());
    return instance;
}

template <typename F>
auto checked(F&& f) {
    try {
        return f();
    } catch (const dnnl::error& error) {
        core::fail(error.status == dnnl_out_of_memory ? ErrorCode::too_large : ErrorCode::internal,
                   "oneDNN: ", error.what());
    }
}

// ---- the differences between oneDNN 2.6 and 3.x

#if DNNL_VERSION_MAJOR >= 3

template <typename Operation, typename... Args>
typename Operation::primitive_desc describe(const dnnl::primitive_attr& attr, const Args&... args) {
    return typename Operation::primitive_desc(engine(), args..., attr);
}

using Pooling = dnnl::pooling_forward;
using Softmax = dnnl::softmax_forward;
constexpr float kHardSwishAlpha = 1.0f / 6;
constexpr float kHardSwishBeta = 0.5f;

dnnl::memory::dims dims_of(const Desc& desc) { return desc.get_dims(); }

void append_eltwise(dnnl::post_ops& ops, dnnl::algorithm algorithm, float alpha, float beta) {
    ops.append_eltwise(algorithm, alpha, beta);
}

#else

template <typename Operation, typename... Args>
typename Operation::primitive_desc describe(const dnnl::primitive_attr& attr, const Args&... args) {
    return typename Operation::primitive_desc(typename Operation::desc(args...), attr, engine());
}

using Pooling = dnnl::pooling_v2_forward;
using Softmax = dnnl::softmax_v2_forward;
constexpr float kHardSwishAlpha = 0;  // 2.6 knows one hard swish
constexpr float kHardSwishBeta = 0;

dnnl::memory::dims dims_of(const Desc& desc) { return desc.dims(); }

void append_eltwise(dnnl::post_ops& ops, dnnl::algorithm algorithm, float alpha, float beta) {
    ops.append_eltwise(1.0f, algorithm, alpha, beta);
}

#endif

// ---- descriptions

/// oneDNN's dimensions; a number is a vector of one element.
dnnl::memory::dims to_dims(const model::Dims& dims) {
    return dims.empty() ? dnnl::memory::dims{1} : dnnl::memory::dims(dims.begin(), dims.end());
}

dnnl::memory::dims dense_strides(const dnnl::memory::dims& dims) {
    dnnl::memory::dims strides(dims.size());
    std::int64_t stride = 1;
    for (std::size_t axis = dims.size(); axis-- > 0; stride *= dims[axis]) strides[axis] = stride;
    return strides;
}

Desc plain_desc(const model::Dims& dims) {
    const dnnl::memory::dims extents = to_dims(dims);
    return {extents, kF32, dense_strides(extents)};
}

Desc blocked_desc(const model::Dims& dims) {
    using Tag = dnnl::memory::format_tag;
    return {to_dims(dims), kF32, channel_block() == 16 ? Tag::nChw16c : Tag::nChw8c};
}

Desc to_desc(const Shape& shape) {
    return shape.layout == Layout::plain ? plain_desc(shape.dims) : blocked_desc(shape.physical());
}

Desc any_desc(const dnnl::memory::dims& dims) {
    return {dims, kF32, dnnl::memory::format_tag::any};
}

struct Eltwise {
    dnnl::algorithm algorithm;
    float alpha = 0;
    float beta = 0;
};

/// The function of oneDNN that is the activation; none where it takes NaN for a number, as its clip
/// and its logistic function do.
std::optional<Eltwise> to_eltwise(const Activation& activation) {
    using Kind = Activation::Kind;
    using dnnl::algorithm;
    // Its max(x, 0) takes NaN for 0, too, but with a slope it multiplies.
    constexpr float kNoSlope = std::numeric_limits<float>::min();
    const float slope = activation.alpha == 0 ? kNoSlope : activation.alpha;
    switch (activation.kind) {
        case Kind::relu: return Eltwise{algorithm::eltwise_relu, slope};
        case Kind::linear:
            return Eltwise{algorithm::eltwise_linear, activation.alpha, activation.beta};
        case Kind::hard_swish:
            return Eltwise{algorithm::eltwise_hardswish, kHardSwishAlpha, kHardSwishBeta};
        case Kind::gelu: return Eltwise{algorithm::eltwise_gelu_erf};
        default: return std::nullopt;
    }
}

dnnl::primitive_attr attributes(const dnnl::post_ops& ops = {}) {
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    attr.set_post_ops(ops);
    return attr;
}

dnnl::primitive_attr attributes(const Epilogue& epilogue) {
    dnnl::post_ops ops;
    if (epilogue.accumulate) ops.append_sum(1.0f);
    if (epilogue.activation) {
        const Eltwise f = to_eltwise(*epilogue.activation).value();
        append_eltwise(ops, f.algorithm, f.alpha, f.beta);
    }
    return attributes(ops);
}

dnnl::memory::dims dilation(const model::Dims& dilations) {
    dnnl::memory::dims gaps(dilations.begin(), dilations.end());
    for (std::int64_t& gap : gaps) --gap;  // oneDNN counts the elements left out
    return gaps;
}

/// Extents of the dense weights that ConvShape stands for.
dnnl::memory::dims weights_dims(const ConvShape& shape) {
    const std::int64_t in = shape.source.physical()[1];
    const std::int64_t out = shape.destination.physical()[1];
    const bool depthwise = shape.group > 1 && shape.group == shape.source.dims[1];
    const std::int64_t group = depthwise ? in : shape.group;
    dnnl::memory::dims dims;
    if (shape.group > 1) dims.push_back(group);
    dims.push_back(out / group);
    dims.push_back(in / group);
    dims.insert(dims.end(), shape.window.kernel.begin(), shape.window.kernel.end());
    return dims;
}

}  // namespace

struct Primitive::Impl {
    struct Argument {
        int id;
        Desc desc;
    };
    dnnl::primitive primitive;
    std::vector<Argument> arguments;  ///< in the operands' order
    Desc weights;
    Desc scratch;
    std::string implementation;
};

namespace {

/// The primitive of a description, with its operands as `arguments` lists them.
template <typename Operation>
Primitive finish(const typename Operation::primitive_desc& desc,
                 std::vector<Primitive::Impl::Argument> arguments) {
    auto impl = std::make_shared<Primitive::Impl>();
    impl->primitive = Operation(desc);
    impl->arguments = std::move(arguments);
    impl->scratch = desc.scratchpad_desc();
    impl->implementation = desc.impl_info_str();
    return Primitive(std::move(impl));
}

/// f(), or nullopt when oneDNN has no implementation.
template <typename F>
std::optional<Primitive> if_implemented(F&& f) {
    return checked([&]() -> std::optional<Primitive> {
        try {
            return f();
        } catch (const dnnl::error& error) {
            if (error.status == dnnl_unimplemented || error.status == dnnl_invalid_arguments)
                return std::nullopt;
            throw;
        }
    });
}

template <typename Operation>
Primitive conv(const ConvShape& shape, dnnl::algorithm algorithm, const Epilogue& epilogue) {
    const Desc source = to_desc(shape.source);
    const Desc destination = to_desc(shape.destination);
    const Desc bias = shape.bias ? plain_desc({shape.destination.physical()[1]}) : Desc();
    const model::Window& window = shape.window;
    const auto desc = describe<Operation>(
        attributes(epilogue), dnnl::prop_kind::forward_inference, algorithm, source,
        any_desc(weights_dims(shape)), bias, destination, to_dims(window.strides),
        dilation(window.dilations), to_dims(window.pads_begin), to_dims(window.pads_end));
    std::vector<Primitive::Impl::Argument> arguments = {{DNNL_ARG_SRC, source},
                                                        {DNNL_ARG_WEIGHTS, desc.weights_desc()}};
    if (shape.bias) arguments.push_back({DNNL_ARG_BIAS, bias});
    arguments.push_back({DNNL_ARG_DST, destination});
    return finish<Operation>(desc, std::move(arguments));
}

}  // namespace

// ---- values

std::int64_t channel_block() {
#if defined(__x86_64__)
    const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
    constexpr auto kAvx512 = static_cast<unsigned>(dnnl::cpu_isa::avx512_core);
    return (isa & kAvx512) == kAvx512 ? 16 : 8;
#else
    return 1;
#endif
}

model::Dims Shape::physical() const {
    model::Dims result = dims;
    if (layout == Layout::blocked) result[1] = round_up(result[1], channel_block());
    return result;
}

std::size_t Shape::bytes() const {
    return static_cast<std::size_t>(model::element_count(physical())) * sizeof(float);
}

// ---- primitives and their execution

std::size_t Primitive::scratch_bytes() const { return impl_->scratch.get_size(); }

const std::string& Primitive::implementation() const { return impl_->implementation; }

struct WeightsLayout::Impl {
    Desc desc;
};

WeightsLayout::WeightsLayout(const Primitive& primitive)
    : impl_(std::make_shared<Impl>(Impl{primitive.impl().arguments[1].desc})) {}

std::size_t WeightsLayout::bytes() const { return impl_->desc.get_size(); }

std::size_t WeightsLayout::count() const {
    std::int64_t count = 1;
    for (const std::int64_t extent : dims_of(impl_->desc)) count *= extent;
    return static_cast<std::size_t>(count);
}

void WeightsLayout::pack(const float* dense, void* packed) const {
    checked([&] {
        const Desc& desc = impl_->desc;
        const dnnl::memory::dims dims = dims_of(desc);
        const Desc from(dims, kF32, dense_strides(dims));
        dnnl::memory source(from, engine(), const_cast<float*>(dense));
        dnnl::memory destination(desc, engine(), packed);
        dnnl::reorder(source, destination).execute(stream(), source, destination);
        stream().wait();
    });
}

bool operator==(const WeightsLayout& a, const WeightsLayout& b) {
    return a.impl_->desc == b.impl_->desc;
}

struct BoundPrimitive::Impl {
    std::vector<dnnl::memory> memories;  ///< the operands', then the scratch memory's
    std::vector<void*> pointers;
    std::vector<dnnl_exec_arg_t> arguments;

    void add(int id, const Desc& desc, void* pointer) {
        memories.emplace_back(desc, engine(), pointer);
        pointers.push_back(pointer);
        arguments.push_back({id, memories.back().get()});
    }

    void update(std::size_t index, void* pointer) {
        if (pointers[index] == pointer) return;
        memories[index].set_data_handle(pointer);
        pointers[index] = pointer;
    }
};

BoundPrimitive::BoundPrimitive() = default;
BoundPrimitive::~BoundPrimitive() = default;
BoundPrimitive::BoundPrimitive(BoundPrimitive&&) noexcept = default;
BoundPrimitive& BoundPrimitive::operator=(BoundPrimitive&&) noexcept = default;

void BoundPrimitive::execute(const Primitive& primitive, std::span<void* const> operands,
                             void* scratch) {
    checked([&] {
        const Primitive::Impl& compiled = primitive.impl();
        if (impl_ == nullptr) {
            impl_ = std::make_unique<Impl>();
            for (std::size_t i = 0; i < operands.size(); ++i)
                impl_->add(compiled.arguments[i].id, compiled.arguments[i].desc, operands[i]);
            impl_->add(DNNL_ARG_SCRATCHPAD, compiled.scratch, scratch);
        }
        for (std::size_t i = 0; i < operands.size(); ++i) impl_->update(i, operands[i]);
        impl_->update(operands.size(), scratch);
        dnnl::error::wrap_c_api(dnnl_primitive_execute(compiled.primitive.get(), stream().get(),
                                                       static_cast<int>(impl_->arguments.size()),
                                                       impl_->arguments.data()),
                                "could not execute a primitive");
    });
}

ThreadTeam::ThreadTeam(int threads)
    : before_(omp_get_max_threads()), states_(static_cast<std::size_t>(threads)) {
    omp_set_num_threads(threads);
#pragma omp parallel num_threads(threads) if (threads > 1)
    states_[static_cast<std::size_t>(omp_get_thread_num())] = core::flush_subnormals();
}

ThreadTeam::~ThreadTeam() {
    const int threads = static_cast<int>(states_.size());
#pragma omp parallel num_threads(threads) if (threads > 1)
    core::restore_floating_point(states_[static_cast<std::size_t>(omp_get_thread_num())]);
    omp_set_num_threads(before_);
}

bool is_epilogue(const Activation& activation) { return to_eltwise(activation).has_value(); }

// ---- builders

std::optional<Primitive> make_conv(const ConvShape& shape, const Epilogue& epilogue) {
    return if_implemented([&] {
        return shape.transposed ? conv<dnnl::deconvolution_forward>(
                                      shape, dnnl::algorithm::deconvolution_direct, epilogue)
                                : conv<dnnl::convolution_forward>(
                                      shape, dnnl::algorithm::convolution_direct, epilogue);
    });
}

std::optional<Primitive> make_binary(BinaryKind kind, const Shape& a, const Shape& b,
                                     const std::optional<Activation>& activation) {
    constexpr std::array kAlgorithms = {dnnl::algorithm::binary_add, dnnl::algorithm::binary_sub,
                                        dnnl::algorithm::binary_mul, dnnl::algorithm::binary_div};
    return if_implemented([&] {
        const Desc left = to_desc(a);
        const Desc right = to_desc(b);
        const auto algorithm = kAlgorithms[static_cast<std::size_t>(kind)];
        return finish<dnnl::binary>(
            describe<dnnl::binary>(attributes(Epilogue{false, activation}), algorithm, left, right,
                                   left),
            {{DNNL_ARG_SRC_0, left}, {DNNL_ARG_SRC_1, right}, {DNNL_ARG_DST, left}});
    });
}

std::optional<Primitive> make_pool(PoolKind kind, const Shape& source, const Shape& destination,
                                   const model::Window& window) {
    constexpr std::array kAlgorithms = {dnnl::algorithm::pooling_max,
                                        dnnl::algorithm::pooling_avg_exclude_padding,
                                        dnnl::algorithm::pooling_avg_include_padding};
    return if_implemented([&] {
        const Desc from = to_desc(source);
        const Desc to = to_desc(destination);
        return finish<Pooling>(
            describe<Pooling>(attributes(), dnnl::prop_kind::forward_inference,
                              kAlgorithms[static_cast<std::size_t>(kind)], from, to,
                              to_dims(window.strides), to_dims(window.kernel),
                              dilation(window.dilations), to_dims(window.pads_begin),
                              to_dims(window.pads_end)),
            {{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}});
    });
}

std::optional<Primitive> make_softmax(const model::Dims& dims, std::size_t axis) {
    return if_implemented([&] {
        const Desc desc = plain_desc(dims);
        return finish<Softmax>(describe<Softmax>(attributes(), dnnl::prop_kind::forward_inference,
                                                 dnnl::algorithm::softmax_accurate, desc, desc,
                                                 static_cast<int>(axis)),
                               {{DNNL_ARG_SRC, desc}, {DNNL_ARG_DST, desc}});
    });
}

namespace {

/// A matrix of extents `dims` whose last two dimensions lie in memory the other way round.
Desc matrix_desc(const model::Dims& dims, bool transposed) {
    if (!transposed) return plain_desc(dims);
    const dnnl::memory::dims extents = to_dims(dims);
    dnnl::memory::dims strides = dense_strides(extents);
    const std::size_t last = extents.size() - 1;
    strides[last - 1] = 1;
    strides[last] = extents[last - 1];
    return {extents, kF32, strides};
}

}  // namespace

std::optional<Primitive> make_matmul(const MatMulShape& shape) {
    return if_implemented([&] {
        const Desc a = matrix_desc(shape.a, shape.transposed_a);
        const Desc b = matrix_desc(shape.b, shape.transposed_b);
        const Desc destination = plain_desc(shape.destination);
        model::Dims bias_dims(shape.destination.size(), 1);
        bias_dims.back() = shape.destination.back();
        const Desc bias = shape.bias ? plain_desc(bias_dims) : Desc();
        std::vector<Primitive::Impl::Argument> arguments = {{DNNL_ARG_SRC, a},
                                                            {DNNL_ARG_WEIGHTS, b}};
        if (shape.bias) arguments.push_back({DNNL_ARG_BIAS, bias});
        arguments.push_back({DNNL_ARG_DST, destination});
        return finish<dnnl::matmul>(describe<dnnl::matmul>(attributes(), a, b, bias, destination),
                                    std::move(arguments));
    });
}

Primitive make_reorder(const model::Dims& dims, Layout from, Layout to) {
    return checked([&] {
        // With the channels that there are, not the physical ones: the reorder fills the block.
        const auto describe_side = [&](Layout layout) {
            return layout == Layout::plain ? plain_desc(dims) : blocked_desc(dims);
        };
        const Desc source = describe_side(from);
        const Desc destination = describe_side(to);
        const dnnl::reorder::primitive_desc desc(engine(), source, engine(), destination,
                                                 attributes());
        return finish<dnnl::reorder>(desc, {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, destination}});
    });
}

std::string onednn_version() {
    const dnnl::version_t* version = dnnl::version();
    return core::concat(version->major, ".", version->minor, ".", version->patch);
}

std::string onednn_isa() {
    struct Name {
        dnnl::cpu_isa isa;
        const char* name;
    };
    constexpr std::array kNames = {Name{dnnl::cpu_isa::avx512_core_amx, "avx512_core_amx"},
                                   Name{dnnl::cpu_isa::avx512_core_bf16, "avx512_core_bf16"},
                                   Name{dnnl::cpu_isa::avx512_core_vnni, "avx512_core_vnni"},
                                   Name{dnnl::cpu_isa::avx512_core, "avx512_core"},
                                   Name{dnnl::cpu_isa::avx2_vnni, "avx2_vnni"},
                                   Name{dnnl::cpu_isa::avx2, "avx2"},
                                   Name{dnnl::cpu_isa::avx, "avx"},
                                   Name{dnnl::cpu_isa::sse41, "sse41"}};
    // The values are sets of features: each instruction set contains those it is built upon.
    const auto effective = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
    for (const Name& entry : kNames) {
        const auto isa = static_cast<unsigned>(entry.isa);
        if ((effective & isa) == isa) return entry.name;
    }
    return "portable";
}

}  // namespace dbnet::engine::cpu
