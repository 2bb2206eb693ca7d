#include "engine/cpu/profile.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/timer.hpp"
#include "engine/cpu/kernels/dispatch.hpp"
#include "engine/cpu/run_plan.hpp"

namespace dbnet::engine::cpu {
namespace {

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

std::vector<StepProfile> profile(Executable& executable, Context& context,
                                 std::span<const Buffer> inputs, int runs) {
    auto* const program = dynamic_cast<CpuExecutable*>(&executable);
    auto* const memory = dynamic_cast<CpuContext*>(&context);
    if (program == nullptr || memory == nullptr || runs < 1)
        core::fail(ErrorCode::invalid_argument,
                   "a profile needs an executable and a context of the CPU backend and at least "
                   "one run");
    std::vector<StepProfile> steps;
    std::vector<std::vector<double>> times;
    for (int run = 0; run <= runs; ++run) {
        std::size_t index = 0;
        run_plan(*program, *memory, inputs, [&](const Step& step, Frame& frame) {
            const core::Timer timer;
            step.run(frame);
            const double milliseconds = timer.milliseconds();
            const StepInfo& info = step.info;
            if (run == 0)  // the warm-up
                steps.push_back({info.name, info.operation, info.implementation, info.output,
                                 info.macs, info.bytes, 0});
            else if (run == 1)
                times.push_back({milliseconds});
            else
                times[index].push_back(milliseconds);
            ++index;
        });
    }
    for (std::size_t i = 0; i < steps.size(); ++i) steps[i].milliseconds = median(times[i]);
    return steps;
}

KernelInfo kernel_info() { return {onednn_version(), onednn_isa(), simd_target()}; }

}  // namespace dbnet::engine::cpu
