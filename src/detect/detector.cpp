#include <dbnet/detector.hpp>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/error.hpp"
#include "core/memory.hpp"
#include "core/threads.hpp"
#include "core/timer.hpp"
#include "detect/lanes.hpp"
#include "detect/network_output.hpp"
#include "detect/read_detector.hpp"
#include "detect/settings.hpp"
#include "detect/tiling.hpp"

namespace dbnet {
namespace {

using detect::InputGeometry;
using detect::Lane;
using detect::MapView;
using detect::Window;

constexpr std::int64_t kSmallestCap = 1024;
/// Pixels of an input whose size the model fixes, per pixel that a dynamic one may have.
constexpr std::int64_t kFixedInputPerCap = 4;
/// What the model's own size rule may at most make of a small image; a rule of the call is obeyed.
constexpr double kMostEnlargement = 3;

void stop_if_requested(const std::stop_token& stop) {
    if (stop.stop_requested()) core::fail(ErrorCode::cancelled, "the detection was cancelled");
}

/// Extents of the one input of a detector: [N, 3, H, W] with N = 1, H and W perhaps dynamic.
model::Dims check_input(const model::Graph& graph) {
    const model::ValueInfo& input = graph.inputs.front();
    const model::Dims& dims = input.dims;
    const bool fits = dims[0] <= 1 && (dims[1] < 0 || dims[1] == 3) && dims[2] != 0 && dims[3] != 0;
    if (!fits)
        core::fail(ErrorCode::unsupported, "the model's input ", input.name, " is ",
                   to_string(input.type), " ", model::to_string(dims),
                   ", expected f32 [N, 3, H, W]");
    return dims;
}

/// The probability map is channel 0 of an output as large as the input.
void check_output(const engine::Buffer& output, const Window& window) {
    const model::Dims& dims = output.dims();
    const bool fits = output.type() == model::DataType::f32 && dims.size() == 4 && dims[0] == 1 &&
                      dims[1] >= 1 && dims[2] == window.height && dims[3] == window.width;
    if (!fits)
        core::fail(ErrorCode::unsupported, "the model's output is ", to_string(output.type()), " ",
                   model::to_string(dims), ", expected a probability map f32 [1, C, ",
                   window.height, ", ", window.width, "]");
}

MapView view_of(const float* values, const InputGeometry& geometry) {
    return {values,
            geometry.width,
            geometry.height,
            geometry.valid_width,
            geometry.valid_height,
            geometry.image_width,
            geometry.image_height};
}

ProbabilityMap copy_of(const MapView& map) {
    const auto count = static_cast<std::size_t>(map.width) * map.height;
    return {map.width,
            map.height,
            map.valid_width,
            map.valid_height,
            map.image_width,
            map.image_height,
            {map.values, map.values + count}};
}

void check_image(const ImageView& image) {
    if (image.data == nullptr || image.width < 1 || image.height < 1)
        core::fail(ErrorCode::invalid_argument, "the image is empty (", image.width, "x",
                   image.height, ")");
    const std::ptrdiff_t row_bytes =
        static_cast<std::ptrdiff_t>(image.width) * channels(image.format);
    if (std::abs(image.stride) < row_bytes)
        core::fail(ErrorCode::invalid_argument, "the image's stride of ", image.stride,
                   " bytes is shorter than a row of ", row_bytes);
}

}  // namespace

/// Steps of one detection, in order: settings -> geometry -> (lane: preprocess -> forward, per
/// tile) -> postprocess.
class Detector::Impl {
public:
    Impl(const std::string& path, const DetectorOptions& options)
        : backend_(engine::cpu_backend()), executable_(compile(path, options)) {
        const model::Graph& graph = executable_->graph();
        input_dims_ = check_input(graph);
        settings_ = detect::settings_of(graph.metadata, options.preset);
        if (takes_pixels_) {
            settings_.input.mean = {0, 0, 0};
            settings_.input.std = {1 / 255.f, 1 / 255.f, 1 / 255.f};
        }
        output_ = std::make_unique<detect::NetworkOutput>(settings_.logits);
        const int threads = options.threads == 0 ? core::available_cores() : options.threads;
        const int lanes = std::min(options.lanes == 0 ? threads : options.lanes, threads);
        memory_limit_ = options.memory_limit;
        lanes_ = std::make_unique<detect::Lanes>(lanes, threads / lanes, backend_,
                                                 lane_limit(options.memory_limit, lanes));
    }

    ~Impl() {
        // In a child of fork() the lanes can be neither ended nor waited for.
        if (!lanes_->is_at_home()) static_cast<void>(lanes_.release());
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    std::vector<Detection> detect(std::span<const ImageView> images, const DetectOptions& options,
                                  const std::stop_token& stop) {
        const detect::PostprocessOptions postprocess = detect::merge(settings_, options);
        if (options.max_input_pixels < kSmallestCap)
            core::fail(ErrorCode::invalid_argument, "max_input_pixels is ",
                       options.max_input_pixels, ", expected at least ", kSmallestCap);
        std::for_each(images.begin(), images.end(), check_image);
        std::vector<Detection> detections(images.size());
        std::vector<detect::Lanes::Work> work;
        const core::Timer since_call;
        for (std::size_t i = 0; i < images.size(); ++i)
            work.push_back([&, i](Lane& lane) {
                detections[i].timing.queue = since_call.milliseconds();
                stop_if_requested(stop);
                detect_on(lane, images[i], options, postprocess, stop, detections[i]);
            });
        lanes_->run(work, stop);
        keep_within_limit();
        return detections;
    }

    MemoryUsage memory() const {
        lanes_->require_home();  // before any lock
        const engine::ExecutableMemory memory = executable_->memory();
        return {memory.weights, memory.plans, lanes_->bytes()};
    }

    void trim() {
        lanes_->require_home();
        executable_->trim();
        lanes_->trim();
        core::trim_heap();
    }

    const detect::ModelSettings& settings() const noexcept { return settings_; }

private:
    std::shared_ptr<engine::Executable> compile(const std::string& path,
                                                const DetectorOptions& options) {
        if (options.threads < 0 || options.lanes < 0 || options.plan_cache < 1)
            core::fail(ErrorCode::invalid_argument, "threads is ", options.threads, ", lanes ",
                       options.lanes, " and plan_cache ", options.plan_cache,
                       "; expected at least 0, 0 and 1");
        const model::DetectorGraph network = detect::read_detector(path, options.output);
        takes_pixels_ = network.takes_pixels;
        return backend_.compile(network.graph, {options.plan_cache});
    }

    /// Each lane's share of what the weights leave of the limit.
    std::size_t lane_limit(std::size_t limit, int lanes) const {
        if (limit == 0) return 0;
        const std::size_t weights = executable_->memory().weights;
        if (limit <= weights)
            core::fail(ErrorCode::invalid_argument, "memory_limit is ", limit,
                       " bytes, but the weights of the model alone take ", weights);
        return std::max<std::size_t>((limit - weights) / static_cast<std::size_t>(lanes), 1);
    }

    /// The lanes keep within their shares by themselves; plans go when they are too many.
    void keep_within_limit() const {
        if (memory_limit_ == 0) return;
        const engine::ExecutableMemory memory = executable_->memory();
        if (memory.weights + memory.plans > memory_limit_) executable_->trim();
    }

    /// How the image lies on the network's input, and the parts of that which are computed one
    /// after the other.
    struct Plan {
        InputGeometry geometry;
        std::vector<Window> windows;
    };

    Plan plan(const ImageView& image, const DetectOptions& options) const {
        const bool fixed_height = input_dims_[2] > 0;
        const bool fixed_width = input_dims_[3] > 0;
        if (options.tile && fixed_height != fixed_width)
            core::fail(ErrorCode::invalid_argument,
                       "tile needs a model whose input is dynamic or "
                       "fixed on both sides, but this one takes ",
                       size_of_input());
        const bool fixed = fixed_height && fixed_width;
        if (fixed) check_fixed_size(options);
        return options.tile                  ? plan_tiled(image, options, fixed)
               : fixed_height || fixed_width ? plan_fixed(image, options)
                                             : plan_dynamic(image, options);
    }

    /// "736x1280", "736x?"
    std::string size_of_input() const {
        const auto side = [](std::int64_t extent) {
            return extent > 0 ? std::to_string(extent) : std::string("?");
        };
        return side(input_dims_[2]) + "x" + side(input_dims_[3]);
    }

    void check_fixed_size(const DetectOptions& options) const {
        const std::int64_t pixels = input_dims_[2] * input_dims_[3];
        if (pixels > kFixedInputPerCap * options.max_input_pixels)
            core::fail(ErrorCode::too_large, "the model takes inputs of ", size_of_input(),
                       " only, ", pixels, " pixels; at most ",
                       kFixedInputPerCap * options.max_input_pixels, " are allowed, ",
                       kFixedInputPerCap, " times max_input_pixels");
    }

    /// The rule of a call must be what the model wants anyway.
    void check_rule(const DetectOptions& options) const {
        if (!options.size) return;
        const SizeRule& rule = *options.size;
        const bool fits = rule.kind == SizeRule::Kind::fixed
                              ? rule.a == input_dims_[2] && rule.b == input_dims_[3]
                              : rule.kind == SizeRule::Kind::height && rule.a == input_dims_[2] &&
                                    input_dims_[3] < 0;
        if (!fits)
            core::fail(ErrorCode::invalid_argument, "size is ", rule.to_string(),
                       ", but the model takes inputs of ", size_of_input(), " only");
    }

    Plan plan_tiled(const ImageView& image, const DetectOptions& options, bool fixed) const {
        if (!fixed) {
            const InputGeometry geometry = detect::plan_own_resolution(image.width, image.height);
            return {geometry, detect::plan_tiles(geometry, options.max_input_pixels)};
        }
        const auto height = static_cast<int>(input_dims_[2]);
        const auto width = static_cast<int>(input_dims_[3]);
        const InputGeometry geometry =
            detect::plan_own_resolution(image.width, image.height, width, height);
        return {geometry, detect::plan_tiles(geometry, width, height)};
    }

    Plan plan_fixed(const ImageView& image, const DetectOptions& options) const {
        check_rule(options);
        const InputGeometry geometry = detect::plan_fixed_sides(
            image.width, image.height, input_dims_[3], input_dims_[2], options.max_input_pixels);
        return {geometry, {{0, 0, geometry.width, geometry.height}}};
    }

    Plan plan_dynamic(const ImageView& image, const DetectOptions& options) const {
        const bool bounded = !options.size && settings_.preset == Preset::native;
        const InputGeometry geometry = detect::plan_input(
            image.width, image.height, options.size.value_or(settings_.size),
            options.max_input_pixels,
            bounded ? kMostEnlargement : std::numeric_limits<double>::infinity());
        return {geometry, {{0, 0, geometry.width, geometry.height}}};
    }

    /// Preprocesses one window of the network's input and runs the network on it.
    engine::Buffer forward(Lane& lane, const ImageView& image, const InputGeometry& geometry,
                           const Window& window, Timing& timing) const {
        const core::Timer preprocess_timer;
        const engine::Buffer input = lane.input({1, 3, window.height, window.width});
        detect::preprocess(image, geometry, window, settings_.input, input.f32());
        timing.preprocess += preprocess_timer.milliseconds();
        const core::Timer forward_timer;
        std::vector<engine::Buffer> outputs =
            backend_.run(*executable_, lane.context(), std::span(&input, 1));
        timing.forward += forward_timer.milliseconds();
        std::vector<std::span<const float>> maps;
        for (const engine::Buffer& output : outputs) {
            check_output(output, window);
            maps.push_back(output.f32().first(static_cast<std::size_t>(window.width) *
                                              static_cast<std::size_t>(window.height)));
        }
        return outputs[output_->choose(maps)];
    }

    void detect_on(Lane& lane, const ImageView& image, const DetectOptions& options,
                   const detect::PostprocessOptions& postprocess, const std::stop_token& stop,
                   Detection& detection) const {
        detection.image_width = image.width;
        detection.image_height = image.height;
        const auto [geometry, tiles] = plan(image, options);
        detection.input_width = geometry.valid_width;
        detection.input_height = geometry.valid_height;
        detection.warnings = detect::size_warnings(geometry);
        engine::Buffer output;
        detect::StitchedMap stitched(geometry, tiles);
        for (const Window& tile : tiles) {
            stop_if_requested(stop);
            output = forward(lane, image, geometry, tile, detection.timing);
            stitched.add(tile, output.f32().data());
        }
        stop_if_requested(stop);
        std::vector<float> activated;
        const std::size_t size =
            static_cast<std::size_t>(geometry.width) * static_cast<std::size_t>(geometry.height);
        const MapView map = view_of(
            output_->probabilities({stitched.values(), size}, activated, detection.warnings),
            geometry);
        const core::Timer timer;
        detect::PostprocessResult result = detect::postprocess(map, postprocess);
        detection.timing.postprocess = timer.milliseconds();
        if (result.over_cap > 0)
            detection.warnings.push_back(core::concat(
                result.over_cap, " candidates more than the limit of ", postprocess.max_candidates,
                " are left out; raise it with --max-candidates (DetectOptions::max_candidates)"));
        detection.regions = std::move(result.regions);
        detection.candidates = std::move(result.candidates);
        if (options.keep_map) detection.map = copy_of(map);
    }

    const engine::Backend& backend_;
    bool takes_pixels_ = false;
    std::shared_ptr<engine::Executable> executable_;
    model::Dims input_dims_;
    detect::ModelSettings settings_;
    std::unique_ptr<detect::NetworkOutput> output_;
    std::size_t memory_limit_ = 0;
    std::unique_ptr<detect::Lanes> lanes_;
};

Detector::Detector(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Detector::Detector(Detector&&) noexcept = default;
Detector& Detector::operator=(Detector&&) noexcept = default;
Detector::~Detector() = default;

Detector Detector::open(const std::string& model_path, const DetectorOptions& options) {
    return core::with_errors([&] { return Detector(std::make_unique<Impl>(model_path, options)); });
}

Detection Detector::detect(const ImageView& image, const DetectOptions& options,
                           std::stop_token stop) const {
    return core::with_errors(
        [&] { return std::move(impl_->detect(std::span(&image, 1), options, stop).front()); });
}

std::vector<Detection> Detector::detect(std::span<const ImageView> images,
                                        const DetectOptions& options, std::stop_token stop) const {
    return core::with_errors([&] { return impl_->detect(images, options, stop); });
}

MemoryUsage Detector::memory() const {
    return core::with_errors([&] { return impl_->memory(); });
}

void Detector::trim() {
    core::with_errors([&] { impl_->trim(); });
}

DetectOptions Detector::effective(const DetectOptions& options) const {
    const detect::ModelSettings& settings = impl_->settings();
    const detect::PostprocessOptions merged =
        core::with_errors([&] { return detect::merge(settings, options); });
    DetectOptions complete = options;
    complete.size = options.size.value_or(settings.size);
    complete.threshold = merged.threshold;
    complete.box_threshold = merged.box_threshold;
    complete.unclip = merged.unclip;
    complete.unclip_ratio = merged.unclip_ratio;
    complete.shrink_ratio = merged.shrink_ratio;
    complete.min_size = merged.min_size;
    complete.max_candidates = merged.max_candidates;
    complete.score_mode = merged.score_mode;
    complete.dilate = merged.dilate;
    return complete;
}

Preset Detector::preset() const noexcept { return impl_->settings().preset; }

const std::vector<std::string>& Detector::warnings() const noexcept {
    return impl_->settings().warnings;
}

}  // namespace dbnet
