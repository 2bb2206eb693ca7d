#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "model/graph.hpp"

namespace dbnet::engine {

enum class Device : std::uint8_t { cpu, cuda };

/// Typed, shaped, dense memory on a device. Copies share the memory.
class Buffer {
public:
    Buffer() = default;
    Buffer(Device device, model::DataType type, model::Dims dims, std::shared_ptr<void> data);
    /// Uninitialised memory of this process, aligned to 64 bytes. Error{too_large} when there is
    /// not enough.
    static Buffer host(model::DataType type, model::Dims dims);

    Device device() const noexcept { return device_; }
    model::DataType type() const noexcept { return type_; }
    const model::Dims& dims() const noexcept { return dims_; }
    std::int64_t size() const noexcept { return size_; }
    std::size_t bytes() const noexcept {
        return static_cast<std::size_t>(size_) * model::size_of(type_);
    }
    void* data() const noexcept { return data_.get(); }
    /// Elements; Error{internal} unless the buffer is on the host and of that type.
    std::span<float> f32() const;
    std::span<std::int64_t> i64() const;

private:
    Device device_ = Device::cpu;
    model::DataType type_ = model::DataType::f32;
    model::Dims dims_;
    std::int64_t size_ = 0;
    std::shared_ptr<void> data_;
};

/// The constant as a buffer of the host: shares its bytes, so it must not be written to.
Buffer buffer_of(const model::Tensor& tensor);

/// A copy of a host buffer as a constant.
model::Tensor tensor_of(const Buffer& buffer);

/// What every run() demands: as many inputs as the graph has, each on `device`, of the declared
/// type, rank and fixed extents, without a zero extent. Error{invalid_argument} naming the input.
void check_inputs(const model::Graph& graph, Device device, std::span<const Buffer> inputs);

/// Backend::copy for the host: Error{invalid_argument} unless both are on the host and have the
/// same type and extents.
void copy_on_host(const Buffer& from, const Buffer& to);

struct CompileOptions {
    int plan_cache =
        32;  ///< plans kept, one per set of input extents; the least recently used goes first; >= 1
};

/// What is held: see dbnet::MemoryUsage.
struct ExecutableMemory {
    std::size_t weights = 0;
    std::size_t plans = 0;
};

/// A graph made ready by a backend: optimised, weights packed. Shared by all threads; plans for
/// input extents are made on first use and kept in a bounded cache.
class Executable {
public:
    virtual ~Executable() = default;
    virtual const model::Graph& graph() const noexcept = 0;  ///< as given, not as optimised
    virtual ExecutableMemory memory() const = 0;
    virtual void trim() = 0;  ///< drops the cached plans
};

/// What one run needs besides the plan: an arena that grows to the largest plan used and the number
/// of threads. Used by one run at a time; a lane owns one.
class Context {
public:
    virtual ~Context() = default;
    virtual std::size_t arena_bytes() const = 0;
    virtual void trim() = 0;
};

/// One way to execute graphs. Implementations are stateless and thread-safe; the conformance suite
/// (conformance_test.cpp) is what makes one.
class Backend {
public:
    virtual ~Backend() = default;
    virtual std::string_view name() const noexcept = 0;
    virtual Device device() const noexcept = 0;

    /// Throws Error{unsupported}, naming the node, for what the backend cannot do.
    virtual std::shared_ptr<Executable> compile(const model::Graph& graph,
                                                const CompileOptions& options = {}) const = 0;
    virtual std::unique_ptr<Context> create_context(int threads) const = 0;

    /// Runs on the calling thread (and its team). Inputs in graph.inputs order, on this backend's
    /// device; returns the outputs in graph.outputs order, in memory of their own (not in the
    /// arena).
    virtual std::vector<Buffer> run(Executable& executable, Context& context,
                                    std::span<const Buffer> inputs) const = 0;

    /// Copies between this device and the host, either way. Error{invalid_argument} unless both
    /// have the same type and extents.
    virtual void copy(const Buffer& from, const Buffer& to) const = 0;
};

/// The plainest C++ there can be: the oracle of every other backend. f32 and i64 arithmetic.
const Backend& reference_backend();

/// oneDNN and our own kernels, f32.
const Backend& cpu_backend();

/// All of them, the oracle first.
std::span<const Backend* const> backends();

/// By name: "reference", "cpu". Error{invalid_argument} listing the names otherwise.
const Backend& backend(std::string_view name);

}  // namespace dbnet::engine
