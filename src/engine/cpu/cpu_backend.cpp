
#include "core/error.hpp"
#include "engine/cpu/run_plan.hpp"

namespace dbnet::engine {
namespace cpu {
namespace {

class CpuBackend final : public Backend {
public:
    std::string_view name() const noexcept override { return "cpu"; }
    Device device() const noexcept override { return Device::cpu; }

    std::shared_ptr<Executable> compile(const model::Graph& graph,
                                        const CompileOptions& options) const override {
        return std::make_shared<CpuExecutable>(graph, options);
    }

    std::unique_ptr<Context> create_context(int threads) const override {
        if (threads < 1)
            core::fail(ErrorCode::invalid_argument, "a context of ", threads,
                       " threads; at least 1 expected");
        return std::make_unique<CpuContext>(threads);
    }

    std::vector<Buffer> run(Executable& executable, Context& context,
                            std::span<const Buffer> inputs) const override {
        return run_plan(static_cast<CpuExecutable&>(executable), static_cast<CpuContext&>(context),
                        inputs, [](const Step& step, Frame& frame) { step.run(frame); });
    }

    void copy(const Buffer& from, const Buffer& to) const override { copy_on_host(from, to); }
};

}  // namespace
}  // namespace cpu

const Backend& cpu_backend() {
    static const cpu::CpuBackend backend;
    return backend;
}

}  // namespace dbnet::engine
