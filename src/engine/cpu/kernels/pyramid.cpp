#include "engine/cpu/kernels/pyramid.hpp"

#include <omp.h>
#include <algorithm>

#include "engine/cpu/kernels/pyramid_weights.hpp"

namespace dbnet::engine::cpu {

namespace {

struct Extent {
    int height;
    int width;

    std::ptrdiff_t row() const { return round_up(width, kRowUnit); }
    /// An odd number of lines, so that channels do not meet in the same sets of the cache.
    std::ptrdiff_t plane() const { return height * row() + kMaxLanes; }
};

/// Scratch memory handed out in lines of 64 bytes.
class Layout {
public:
    std::size_t take(std::ptrdiff_t floats) {
        const std::size_t begin = floats_;
        floats_ += static_cast<std::size_t>(round_up(floats, kMaxLanes));
        return begin;
    }
    std::size_t floats() const { return floats_; }

private:
    std::size_t floats_ = 0;
};

/// What a kernel knows before it runs: extents and where everything lies in the scratch memory.
struct Plan {
    struct Level {
        std::size_t input_means = 0;
        std::size_t point = 0;               ///< lateral weights times the gate's factors
        std::size_t transposed = 0;          ///< the same, transposed
        std::vector<std::size_t> composite;  ///< for p_i: of c_i, c_{i+1}, ...
        std::size_t f = 0;
        std::size_t p = 0;
        std::size_t p_means = 0;
        std::size_t head = 0;  ///< head weights times the gate's factors
    };

    Plan(std::shared_ptr<const Pyramid> weights, int images, std::vector<Extent> level_extents);

    std::shared_ptr<const Pyramid> pyramid;
    int batch;
    std::vector<Extent> extents;
    std::vector<Level> levels;
    std::size_t phases = 0;  ///< of the sum that is being computed
    std::size_t shared_floats = 0;
    std::size_t thread_floats = 0;

private:
    void place_level(std::size_t i, Layout& layout);
    std::ptrdiff_t phase_floats(std::size_t finest, std::size_t coarsest, int channels) const;
    std::size_t strip_floats(std::size_t level, int in, int out) const;
};

/// For a gate: means, factors and what is squeezed in between.
std::size_t gate_scratch(const NeckLevel& level) {
    const int squeezed = std::max(level.lateral_gate ? level.lateral_gate->squeeze.out : 0,
                                  level.out_gate ? level.out_gate->squeeze.out : 0);
    return static_cast<std::size_t>(2 * level.lateral.out + level.winograd.layout.out + squeezed);
}

/// 3x3 maps or, where no pixel is an inner one, 2x2.
int phase_maps(std::size_t finest, std::size_t level) { return level - finest == 1 ? 4 : 9; }

Plan::Plan(std::shared_ptr<const Pyramid> weights, int images, std::vector<Extent> level_extents)
    : pyramid(std::move(weights)),
      batch(images),
      extents(std::move(level_extents)),
      levels(extents.size()) {
    const Pyramid& p = *pyramid;
    const std::size_t coarsest = p.levels() - 1;
    Layout layout;
    std::ptrdiff_t largest = phase_floats(0, coarsest, p.head[0].layout.out);
    for (std::size_t i = 0; i < p.neck.size(); ++i) {
        place_level(i, layout);
        largest = std::max(largest, phase_floats(i, coarsest, p.neck[i].winograd.layout.out));
    }
    phases = layout.take(largest);
    shared_floats = layout.floats();

    for (std::size_t i = 0; i < p.levels(); ++i) {
        const int width = strip_width(p.head[i].layout.in, extents[i].width);
        thread_floats =
            std::max(thread_floats, strip_floats(i, p.head[i].layout.in, p.head[i].layout.out));
        if (i == 0)
            thread_floats += static_cast<std::size_t>(kWinogradRows * (p.tail.in_channels() + 1)) *
                                 static_cast<std::size_t>(width) +
                             p.tail.scratch_floats(width);
    }
    for (std::size_t i = 0; i < p.neck.size(); ++i) {
        thread_floats = std::max(thread_floats, gate_scratch(p.neck[i]));
        for (std::size_t j = 0; j <= i; ++j) {
            const int out = p.neck[j].winograd.layout.out;
            const int inner = p.neck[i].lateral.out;
            thread_floats =
                std::max({thread_floats, strip_floats(i, p.neck[i].loaded(), inner),
                          strip_floats(i, p.neck[i].loaded(), out), strip_floats(i, inner, out)});
        }
    }
    thread_floats =
        static_cast<std::size_t>(round_up(static_cast<std::ptrdiff_t>(thread_floats), kMaxLanes));
}

std::size_t Plan::strip_floats(std::size_t level, int in, int out) const {
    return strip_scratch(in, out, strip_width(in, extents[level].width));
}

void Plan::place_level(std::size_t i, Layout& layout) {
    const NeckLevel& level = pyramid->neck[i];
    const Extent& extent = extents[i];
    Level& place = levels[i];
    if (level.lateral_gate) {
        place.input_means = layout.take(level.loaded());
        place.point = layout.take(level.point.floats());
        place.transposed = layout.take(level.transposed.floats());
    }
    for (std::size_t j = i; j < pyramid->coarsest_source(i); ++j) {
        const Packed& outer = j == i ? level.winograd : level.edges;
        const PackedLayout composite(pyramid->neck[j].loaded(), outer.layout.out,
                                     outer.layout.slots, pyramid->kernels.max_block);
        place.composite.push_back(layout.take(composite.floats()));
    }
    if (i >= pyramid->first_materialised) place.f = layout.take(level.lateral.out * extent.plane());
    place.p = layout.take(level.winograd.layout.out * extent.plane());
    if (level.out_gate) {
        place.p_means = layout.take(level.winograd.layout.out);
        place.head = layout.take(pyramid->head[i].floats());
    }
}

std::ptrdiff_t Plan::phase_floats(std::size_t finest, std::size_t coarsest, int channels) const {
    std::ptrdiff_t floats = 0;
    for (std::size_t j = finest + 1; j <= coarsest; ++j)
        floats += phase_maps(finest, j) * channels * extents[j].plane();
    return floats;
}

/// Spreads independent tasks over the team of the enclosing parallel region and waits for all.
template <typename Task>
void for_each_task(int count, const Task& task) {
#pragma omp for schedule(dynamic)
    for (int i = 0; i < count; ++i) task(i);
}

/// Cuts `height` rows in groups and `width` columns in strips and handles each as one task.
template <typename Task>
void for_each_strip(const Extent& extent, int rows, int width, const Task& task) {
    const int across = (extent.width + width - 1) / width;
    const int down = (extent.height + rows - 1) / rows;
    for_each_task(across * down, [&](int index) {
        Strip strip;
        strip.y = index / across * rows;
        strip.x = index % across * width;
        strip.rows = std::min(rows, extent.height - strip.y);
        strip.width = std::min(width, extent.width - strip.x);
        task(strip);
    });
}

/// A sum of convolutions at one level: sources from that level on, finest first.
struct Sum {
    std::size_t level = 0;
    std::vector<Source> sources;
    const float* bias = nullptr;
};

/// The run for one image; its members are called by all threads of a team together.
class Run {
public:
    Run(const Plan& plan, std::vector<const float*> inputs, float* map, float* shared)
        : plan_(plan),
          pyramid_(*plan.pyramid),
          inputs_(std::move(inputs)),
          map_(map),
          shared_(shared) {
        for (std::size_t i = 0; i < pyramid_.neck.size(); ++i) sums_.push_back(level_sum(i));
        head_ = head_sum();
    }

    void execute(float* own) const {
        if (!pyramid_.neck.empty()) neck(own);
        head(own);
    }

private:
    float* at(std::size_t place) const { return shared_ + place; }
    Planes input_planes(std::size_t i) const;
    Planes own_planes(std::size_t i, std::size_t place, int channels) const;
    Planes f_planes(std::size_t k) const {
        return own_planes(k, plan_.levels[k].f, pyramid_.neck[k].lateral.out);
    }
    Planes p_planes(std::size_t i) const {
        return own_planes(i, plan_.levels[i].p, pyramid_.head[i].layout.in);
    }
    const float* point_weights(std::size_t i) const;
    const float* transposed_weights(std::size_t i) const;
    Sum level_sum(std::size_t i) const;
    Sum head_sum() const;

    void neck(float* own) const;
    void means(const Planes& planes, float* out) const;
    void gate_lateral(std::size_t i, float* own) const;
    void compose() const;
    void materialise(std::size_t k, float* own) const;
    void level(std::size_t i, float* own) const;
    void gate_head(std::size_t i, float* own) const;
    void head(float* own) const;

    Phases phases_of(const Sum& sum, std::size_t source) const;
    /// Adds all sources but the finest.
    void coarse_sources(const Sum& sum, float* own) const;

    const Plan& plan_;
    const Pyramid& pyramid_;
    std::vector<const float*> inputs_;
    float* map_;
    float* shared_;
    std::vector<Sum> sums_;
    Sum head_;
};

Planes Run::input_planes(std::size_t i) const {
    const Extent& extent = plan_.extents[i];
    Planes planes;
    planes.data = inputs_[i];
    planes.channels =
        pyramid_.neck.empty() ? pyramid_.head[i].layout.in : pyramid_.neck[i].in_channels();
    planes.height = extent.height;
    planes.width = extent.width;
    planes.row = extent.width;
    planes.plane = static_cast<std::ptrdiff_t>(extent.height) * extent.width;
    planes.ones = !pyramid_.neck.empty() && pyramid_.neck[i].ones;
    return planes;
}

Planes Run::own_planes(std::size_t i, std::size_t place, int channels) const {
    const Extent& extent = plan_.extents[i];
    return {at(place), channels, extent.height, extent.width, extent.row(), extent.plane(), false};
}

const float* Run::point_weights(std::size_t i) const {
    const NeckLevel& level = pyramid_.neck[i];
    return level.lateral_gate ? at(plan_.levels[i].point) : level.point.values.data();
}

const float* Run::transposed_weights(std::size_t i) const {
    const NeckLevel& level = pyramid_.neck[i];
    return level.lateral_gate ? at(plan_.levels[i].transposed) : level.transposed.values.data();
}

Sum Run::level_sum(std::size_t i) const {
    const NeckLevel& level = pyramid_.neck[i];
    const int out = level.winograd.layout.out;
    Sum sum;
    sum.level = i;
    sum.bias = level.out_bias.empty() ? nullptr : level.out_bias.data();
    const std::size_t k = pyramid_.coarsest_source(i);
    for (std::size_t j = i; j < k; ++j)
        sum.sources.push_back({input_planes(j), at(plan_.levels[i].composite[j - i]), out});
    const Packed& last = k == i ? level.winograd : level.edges;
    sum.sources.push_back({f_planes(k), last.values.data(), out});
    return sum;
}

Sum Run::head_sum() const {
    Sum sum;
    sum.bias = pyramid_.head_bias.empty() ? nullptr : pyramid_.head_bias.data();
    for (std::size_t i = 0; i < pyramid_.levels(); ++i) {
        const bool neck = !pyramid_.neck.empty();
        const bool gated = neck && pyramid_.neck[i].out_gate;
        const Packed& packed = pyramid_.head[i];
        sum.sources.push_back({neck ? p_planes(i) : input_planes(i),
                               gated ? at(plan_.levels[i].head) : packed.values.data(),
                               packed.layout.out});
    }
    return sum;
}

void Run::neck(float* own) const {
    for (std::size_t i = 0; i < pyramid_.levels(); ++i)
        if (pyramid_.neck[i].lateral_gate) means(input_planes(i), at(plan_.levels[i].input_means));
    for_each_task(static_cast<int>(pyramid_.levels()),
                  [&](int i) { gate_lateral(static_cast<std::size_t>(i), own); });
    compose();
    for (std::size_t k = pyramid_.levels(); k-- > pyramid_.first_materialised;) materialise(k, own);
    for (std::size_t i = 0; i < pyramid_.levels(); ++i) level(i, own);
    for_each_task(static_cast<int>(pyramid_.levels()),
                  [&](int i) { gate_head(static_cast<std::size_t>(i), own); });
}

// Each channel is summed by one thread, row by row: the result does not depend on their number.
void Run::means(const Planes& planes, float* out) const {
    for_each_task(planes.loaded_channels(), [&](int c) {
        double sum = 0;
        for (int y = 0; y < planes.height && c < planes.channels; ++y)
            sum +=
                pyramid_.kernels.sum(planes.data + c * planes.plane + y * planes.row, planes.width);
        const double count = static_cast<double>(planes.height) * planes.width;
        out[c] = c < planes.channels ? static_cast<float>(sum / count) : 1.0F;
    });
}

void Run::gate_lateral(std::size_t i, float* own) const {
    const NeckLevel& level = pyramid_.neck[i];
    if (!level.lateral_gate) return;
    const Plan::Level& place = plan_.levels[i];
    float* lateral_means = own;
    float* factors = lateral_means + level.lateral.out;
    level.lateral_means(at(place.input_means), lateral_means);
    gate_factors(*level.lateral_gate, lateral_means, factors + level.lateral.out, factors);
    scale_outputs(level.point, factors, at(place.point));
    scale_inputs(level.transposed, factors, at(place.transposed));
}

void Run::compose() const {
    for (std::size_t i = 0; i < pyramid_.levels(); ++i)
        for (std::size_t j = i; j < pyramid_.coarsest_source(i); ++j) {
            const Packed& outer = j == i ? pyramid_.neck[i].winograd : pyramid_.neck[i].edges;
            for_each_task(outer.layout.blocks(), [&](int b) {
                compose_block(pyramid_.kernels, outer, b, pyramid_.neck[j].transposed,
                              transposed_weights(j), at(plan_.levels[i].composite[j - i]));
            });
        }
}

// f_k; its nearest-upsampled parent is f_{k+1} in all phases.
void Run::materialise(std::size_t k, float* own) const {
    const Planes to = f_planes(k);
    const Source source{input_planes(k), point_weights(k), to.channels};
    Phases parent;
    Start start;
    if (k + 1 < pyramid_.levels()) {
        const Planes coarser = f_planes(k + 1);
        for (auto& row : parent.map) row.fill(const_cast<float*>(coarser.data));
        parent.row = coarser.row;
        parent.plane = coarser.plane;
        start.coarser = &parent;
    }
    const int width = strip_width(source.planes.loaded_channels(), to.width);
    for_each_strip(plan_.extents[k], 1, width, [&](const Strip& strip) {
        float* out = at(plan_.levels[k].f) + strip.y * to.row + strip.x;
        point_strip(pyramid_.kernels, source, start, strip, {out, to.row, to.plane, false}, own);
    });
}

Phases Run::phases_of(const Sum& sum, std::size_t source) const {
    float* memory = at(plan_.phases);
    for (std::size_t s = 1;; ++s) {
        const std::size_t level = sum.level + s;
        const Extent& extent = plan_.extents[level];
        const std::ptrdiff_t map = sum.sources[s].out_channels * extent.plane();
        const int maps = phase_maps(sum.level, level);
        if (s < source) {
            memory += maps * map;
            continue;
        }
        Phases phases{{}, extent.row(), extent.plane()};
        for (std::size_t y = 0; y < 3; ++y)
            for (std::size_t x = 0; x < 3; ++x) {
                if (maps == 4 && (y == 1 || x == 1)) continue;
                phases.map[y][x] = memory;
                memory += map;
            }
        return phases;
    }
}

void Run::coarse_sources(const Sum& sum, float* own) const {
    Start start{nullptr, sum.bias};
    Phases coarser;
    for (std::size_t s = sum.sources.size() - 1; s >= 1; --s) {
        const Source& source = sum.sources[s];
        const Phases phases = phases_of(sum, s);
        const int width = strip_width(source.planes.loaded_channels(), source.planes.width);
        for_each_strip(plan_.extents[sum.level + s], 1, width, [&](const Strip& strip) {
            edges_strip(pyramid_.kernels, source, start, strip, phases, own);
        });
        coarser = phases;
        start = {&coarser, nullptr};
    }
}

void Run::level(std::size_t i, float* own) const {
    const Sum& sum = sums_[i];
    coarse_sources(sum, own);
    Phases coarser;
    Start start{nullptr, sum.bias};
    if (sum.sources.size() > 1) {
        coarser = phases_of(sum, 1);
        start = {&coarser, nullptr};
    }
    const Source& source = sum.sources[0];
    const Planes to = p_planes(i);
    const int width = strip_width(source.planes.loaded_channels(), to.width);
    for_each_strip(plan_.extents[i], kWinogradRows, width, [&](const Strip& strip) {
        float* out = at(plan_.levels[i].p) + strip.y * to.row + strip.x;
        winograd_strip(pyramid_.kernels, source, start, strip, {out, to.row, to.plane, false}, own);
    });
    if (pyramid_.neck[i].out_gate) means(to, at(plan_.levels[i].p_means));
}

void Run::gate_head(std::size_t i, float* own) const {
    const NeckLevel& level = pyramid_.neck[i];
    if (!level.out_gate) return;
    float* factors = own;
    gate_factors(*level.out_gate, at(plan_.levels[i].p_means), own + level.winograd.layout.out,
                 factors);
    scale_inputs(pyramid_.head[i], factors, at(plan_.levels[i].head));
}

// The head's convolution and everything behind it, one strip of four rows after the other.
void Run::head(float* own) const {
    coarse_sources(head_, own);
    Phases coarser;
    Start start{nullptr, head_.bias};
    if (head_.sources.size() > 1) {
        coarser = phases_of(head_, 1);
        start = {&coarser, nullptr};
    }
    const Source& source = head_.sources[0];
    const int width = strip_width(source.planes.loaded_channels(), source.planes.width);
    const int channels = pyramid_.tail.in_channels();
    float* rows = own + strip_scratch(source.planes.loaded_channels(), channels, width);
    const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(channels + 1) * width;
    float* tail = rows + kWinogradRows * row;
    for_each_strip(plan_.extents[0], kWinogradRows, width, [&](const Strip& strip) {
        winograd_strip(pyramid_.kernels, source, start, strip, {rows, row, width, true}, own);
        for (int r = 0; r < strip.rows; ++r) {
            float* ones = rows + r * row + static_cast<std::ptrdiff_t>(channels) * width;
            std::fill_n(ones, width, 1.0F);
            const std::ptrdiff_t map_width = 4 * static_cast<std::ptrdiff_t>(source.planes.width);
            float* map = map_ + 4 * (strip.y + r) * map_width + 4 * strip.x;
            pyramid_.tail.run(rows + r * row, width, strip.width, map, map_width, tail);
        }
    });
}

class PyramidKernel final : public FusedKernel {
public:
    explicit PyramidKernel(Plan plan) : plan_(std::move(plan)) {}

    std::size_t scratch_bytes(int threads) const override {
        return (plan_.shared_floats + static_cast<std::size_t>(threads) * plan_.thread_floats) *
               sizeof(float);
    }

    void run(std::span<const float* const> inputs, std::span<float* const> outputs,
             std::byte* scratch, int threads) const override {
        auto* shared = reinterpret_cast<float*>(scratch);
        const Extent& finest = plan_.extents[0];
        const std::ptrdiff_t map = 16 * static_cast<std::ptrdiff_t>(finest.height) * finest.width;
        for (int n = 0; n < plan_.batch; ++n) {
            std::vector<const float*> image(inputs.begin(), inputs.end());
            for (std::size_t i = 0; i < image.size(); ++i) image[i] += n * input_floats(i);
            const Run run(plan_, std::move(image), outputs[0] + n * map, shared);
#pragma omp parallel num_threads(threads)
            {
                const auto thread = static_cast<std::size_t>(omp_get_thread_num());
                run.execute(shared + plan_.shared_floats + thread * plan_.thread_floats);
            }
        }
    }

private:
    std::ptrdiff_t input_floats(std::size_t i) const {
        const Pyramid& pyramid = *plan_.pyramid;
        const int channels =
            pyramid.neck.empty() ? pyramid.head[i].layout.in : pyramid.neck[i].in_channels();
        return static_cast<std::ptrdiff_t>(channels) * plan_.extents[i].height *
               plan_.extents[i].width;
    }

    Plan plan_;
};

}  // namespace

std::unique_ptr<FusedKernel> make_pyramid_kernel(std::shared_ptr<const Pyramid> pyramid,
                                                 const std::vector<model::Dims>& input_dims) {
    constexpr std::int64_t kLargest = 1 << 20;
    std::vector<Extent> extents;
    for (const model::Dims& dims : input_dims) {
        if (dims.size() != 4 || dims[0] != input_dims[0][0] || dims[0] < 1 || dims[0] > kLargest)
            return nullptr;
        if (dims[2] < 1 || dims[3] < 1 || dims[2] > kLargest || dims[3] > kLargest) return nullptr;
        const Extent extent{static_cast<int>(dims[2]), static_cast<int>(dims[3])};
        if (!extents.empty() && (extents.back().height != 2 * extent.height ||
                                 extents.back().width != 2 * extent.width))
            return nullptr;
        extents.push_back(extent);
    }
    if (extents.size() != pyramid->levels()) return nullptr;
    const int batch = static_cast<int>(input_dims[0][0]);
    return std::make_unique<PyramidKernel>(Plan(std::move(pyramid), batch, std::move(extents)));
}

}  // namespace dbnet::engine::cpu
