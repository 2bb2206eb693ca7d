#include "app/doctor.hpp"

#include <oneapi/tbb/version.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <string_view>

#include <opencv2/core.hpp>

#include <dbnet/image.hpp>
#include <dbnet/version.hpp>

#include "app/default_model.hpp"
#include "core/error.hpp"
#include "core/threads.hpp"
#include "detect/postprocess.hpp"
#include "engine/backend.hpp"
#include "engine/cpu/profile.hpp"
#include "image/encode.hpp"
#include "model/networks/network.hpp"
#include "model/onnx.hpp"

namespace dbnet::app {
namespace {

std::string processor_name() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    return "unknown";
}

/// What kernels here or in the libraries make use of.
std::string instruction_sets() {
    std::string names;
#if defined(__x86_64__)
    const auto note = [&](bool has, const char* name) {
        if (has) names.append(names.empty() ? "" : " ").append(name);
    };
    note(__builtin_cpu_supports("sse4.2"), "sse4.2");
    note(__builtin_cpu_supports("avx"), "avx");
    note(__builtin_cpu_supports("avx2"), "avx2");
    note(__builtin_cpu_supports("fma"), "fma");
    note(__builtin_cpu_supports("avx512f"), "avx512f");
    note(__builtin_cpu_supports("avx512bw"), "avx512bw");
    note(__builtin_cpu_supports("avx512vnni"), "avx512vnni");
    note(__builtin_cpu_supports("avx512bf16"), "avx512bf16");
#elif defined(__aarch64__)
    names = "neon";
#endif
    return names.empty() ? "baseline" : names;
}

std::vector<Fact> collect_facts() {
    const engine::cpu::KernelInfo kernels = engine::cpu::kernel_info();
    return {{"dbnet", version()},
            {"compiler", __VERSION__},
            {"oneDNN", kernels.onednn_version},
            {"OpenCV", cv::getVersionString()},
            {"oneTBB", TBB_runtime_version()},
            {"processor", processor_name()},
            {"instruction sets", instruction_sets()},
            {"oneDNN's kernels", kernels.onednn_isa},
            {"own kernels", kernels.highway_target},
            {"threads", std::to_string(core::available_cores())},
            {"default model", default_model().value_or("none")}};
}

std::string check_images() {
    Image image(64, 48);
    for (int y = 0; y < image.height(); ++y)
        for (int i = 0; i < image.width() * 3; ++i)
            image.row(y)[i] = static_cast<std::uint8_t>(i * 7 + y * 13);
    const Image read = Image::decode(image::encode_png(image));
    for (int y = 0; y < image.height(); ++y)
        if (!std::equal(image.row(y), image.row(y) + image.width() * 3, read.row(y)))
            core::fail(ErrorCode::internal, "a PNG image reads back differently");
    return "PNG reads back bit for bit";
}

model::Graph small_network() {
    model::NetworkOptions options;
    options.backbone = model::Backbone::mobilenet_v3_large_half;
    options.inner = 16;
    options.threshold_branch = false;
    return model::build_network(options);
}

std::string check_model_file() {
    const model::Graph graph = small_network();
    const model::Graph read = model::parse_onnx(model::serialize_onnx(graph), "self-test");
    if (read.nodes.size() != graph.nodes.size() ||
        read.parameters.size() != graph.parameters.size())
        core::fail(ErrorCode::internal, "an ONNX model reads back differently");
    return core::concat(read.nodes.size(), " nodes read back");
}

std::vector<float> run_on(const engine::Backend& backend, const model::Graph& graph,
                          const engine::Buffer& input) {
    const auto executable = backend.compile(graph);
    const auto context = backend.create_context(core::available_cores());
    const engine::Buffer output = backend.run(*executable, *context, {&input, 1}).front();
    return {output.f32().begin(), output.f32().end()};
}

std::string check_engine() {
    constexpr double kTolerance = 1e-4;
    const model::Graph graph = small_network();
    const engine::Buffer input = engine::Buffer::host(model::DataType::f32, {1, 3, 64, 96});
    double index = 0;
    for (float& value : input.f32()) value = static_cast<float>(std::sin(0.37 * index++) * 2);
    const std::vector<float> fast = run_on(engine::cpu_backend(), graph, input);
    const std::vector<float> plain = run_on(engine::reference_backend(), graph, input);
    double difference = 0;
    double largest = 0;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        difference = std::max(difference, std::abs(static_cast<double>(fast[i]) - plain[i]));
        largest = std::max(largest, std::abs(static_cast<double>(plain[i])));
    }
    if (!(difference <= kTolerance * largest))
        core::fail(ErrorCode::internal, "the fast engine differs from the plain one by ",
                   difference, " of ", largest);
    return core::concat("differs from the reference by ", difference / largest);
}

std::string check_postprocessing() {
    constexpr int kSide = 96;
    std::vector<float> map(kSide * kSide, 0.05f);
    for (int y = 30; y < 46; ++y) std::fill_n(map.begin() + y * kSide + 20, 50, 0.95f);
    const auto found = detect::postprocess({map.data(), kSide, kSide, kSide, kSide, kSide, kSide},
                                           detect::PostprocessOptions{})
                           .regions;
    if (found.size() != 1 || std::abs(found[0].rect.x + found[0].rect.width / 2 - 45) > 1 ||
        std::abs(found[0].rect.y + found[0].rect.height / 2 - 38) > 1)
        core::fail(ErrorCode::internal, "one bar was drawn, ", found.size(), " regions were found");
    return "one bar drawn, one region found in its place";
}

Check run_check(const char* name, const std::function<std::string()>& check) {
    try {
        return {name, true, check()};
    } catch (const std::exception& error) {
        return {name, false, error.what()};
    }
}

}  // namespace

Diagnosis doctor() {
    return {
        collect_facts(),
        {run_check("images", check_images), run_check("model file", check_model_file),
         run_check("engine", check_engine), run_check("post-processing", check_postprocessing)}};
}

}  // namespace dbnet::app
