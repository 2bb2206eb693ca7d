#include "engine/cpu/kernels/pyramid.hpp"

#include <omp.h>

#include <algorithm>

#include "engine/cpu/kernels/pyramid_plan.hpp"

namespace dbnet::engine::cpu {

namespace {

/// Spreads independent tasks over the team of the enclosing parallel region and waits for all. What
/// a task computes does not depend on the thread, so results do not depend on their number.
template <typename Task>
void for_each_task(int count, const Task& task) {
#pragma omp for schedule(dynamic)
    for (int i = 0; i < count; ++i) task(i);
}

/// The same for several lists of tasks with counts(list) tasks each: task(list, index in it).
template <typename Counts, typename Task>
void for_each_task(std::size_t lists, const Counts& counts, const Task& task) {
    int total = 0;
    for (std::size_t list = 0; list < lists; ++list) total += counts(list);
    for_each_task(total, [&](int index) {
        std::size_t list = 0;
        for (; index >= counts(list); ++list) index -= counts(list);
        task(list, index);
    });
}

/// A sum of convolutions at one level: sources from that level on, finest first.
struct Sum {
    std::size_t level = 0;
    std::vector<Source> sources;
    std::vector<Phases> phases;  ///< of sources 2, 3, ...
    const float* bias = nullptr;

    /// The two finest sources take one step together, each other one a step before that.
    std::size_t steps() const { return std::max<std::size_t>(sources.size(), 2) - 1; }
    /// What the values of a source start from; those of source 0 from `local` phases if there is a
    /// source 1.
    Start start_of(std::size_t s, const Phases* local = nullptr) const {
        if (s + 1 == sources.size()) return {nullptr, bias};
        return {s == 0 ? local : &phases[s - 1], nullptr};
    }
};

Phases make_phases(std::size_t s, float* memory, const Extent& extent, int channels) {
    Phases phases;
    phases.row = extent.row();
    phases.plane = extent.plane();
    for (std::size_t y = 0; y < 3; ++y)
        for (std::size_t x = 0; x < 3; ++x) {
            if (phase_maps(s) == 4 && (y == 1 || x == 1)) continue;
            phases.map[y][x] = memory;
            memory += channels * phases.plane;
        }
    return phases;
}

/// The run for one image. All threads of a team call execute() together, each with working memory
/// of its own; what they share is made before, in the constructor.
class Run {
public:
    Run(const PyramidPlan& plan, std::vector<const float*> inputs, std::vector<float*> maps,
        float* shared);

    void execute(float* own) const;

private:
    float* at(std::size_t place) const { return shared_ + place; }
    Planes input_planes(std::size_t i) const;
    Planes own_planes(std::size_t i, std::size_t place, int channels) const;
    Planes f_planes(std::size_t k) const {
        return own_planes(k, plan_.levels[k].f, pyramid_.neck[k].lateral.out);
    }
    Planes p_planes(std::size_t i) const {
        return own_planes(i, plan_.levels[i].p, pyramid_.concatenated_channels(i));
    }
    const float* point_weights(std::size_t i) const;
    const float* transposed_weights(std::size_t i) const;
    Sum level_sum(std::size_t i) const;
    Sum head_sum(std::size_t h) const;
    void add_phases(Sum& sum, const std::vector<std::size_t>& places) const;

    void neck(float* own) const;
    void means(const std::vector<Planes>& maps, const std::vector<float*>& out) const;
    void gate_lateral(std::size_t i, float* own) const;
    void gate_head(std::size_t i, float* own) const;
    void compose(std::size_t i, int task) const;
    void materialise(std::size_t k, float* own) const;

    Tiling tiling(const Sum& sum, std::size_t step) const;
    void coarse_tile(const Sum& sum, std::size_t step, int task, float* own) const;
    void fine_tile(const Sum& sum, const Tile& tile, const Target& target, float* own) const;
    void level_tile(std::size_t i, std::size_t step, int task, float* own) const;
    void head(std::size_t h, float* own) const;
    void head_tile(std::size_t h, int task, float* own) const;

    const PyramidPlan& plan_;
    const Pyramid& pyramid_;
    std::vector<const float*> inputs_;
    std::vector<float*> maps_;
    float* shared_;
    std::vector<Sum> sums_;
    std::size_t rounds_ = 0;  ///< most steps of a level's sum
    std::vector<Sum> head_sums_;
    // Arguments of means(), where there are gates.
    std::vector<Planes> lateral_maps_;
    std::vector<float*> lateral_means_;
    std::vector<Planes> p_maps_;
    std::vector<float*> p_means_;
};

Run::Run(const PyramidPlan& plan, std::vector<const float*> inputs, std::vector<float*> maps,
         float* shared)
    : plan_(plan),
      pyramid_(*plan.pyramid),
      inputs_(std::move(inputs)),
      maps_(std::move(maps)),
      shared_(shared) {
    for (std::size_t h = 0; h < pyramid_.heads.size(); ++h) head_sums_.push_back(head_sum(h));
    for (std::size_t i = 0; i < pyramid_.neck.size(); ++i) {
        sums_.push_back(level_sum(i));
        rounds_ = std::max(rounds_, sums_.back().steps());
        if (pyramid_.neck[i].lateral_gate) {
            lateral_maps_.push_back(input_planes(i));
            lateral_means_.push_back(at(plan_.levels[i].input_means));
        }
        if (pyramid_.neck[i].out_gate) {
            p_maps_.push_back(p_planes(i));
            p_means_.push_back(at(plan_.levels[i].p_means));
        }
    }
}

Planes Run::input_planes(std::size_t i) const {
    const Extent& extent = plan_.extents[i];
    Planes planes;
    planes.data = inputs_[i];
    planes.channels = pyramid_.input_channels(i);
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
    Sum sum;
    sum.level = i;
    sum.bias = level.out_bias.empty() ? nullptr : level.out_bias.data();
    const std::size_t k = pyramid_.coarsest_source(i);
    for (std::size_t j = i; j < k; ++j)
        sum.sources.push_back(
            {input_planes(j), at(plan_.levels[i].composite[j - i]), level.out_channels()});
    sum.sources.push_back({f_planes(k), level.outer(k == i).values.data(), level.out_channels()});
    add_phases(sum, plan_.levels[i].phases);
    return sum;
}

Sum Run::head_sum(std::size_t h) const {
    const Head& head = pyramid_.heads[h];
    const bool neck = !pyramid_.neck.empty();
    Sum sum;
    sum.bias = head.bias.empty() ? nullptr : head.bias.data();
    for (std::size_t i = 0; i < pyramid_.levels(); ++i) {
        const bool gated = neck && pyramid_.neck[i].out_gate;
        const Packed& packed = head.parts[i];
        sum.sources.push_back({neck ? p_planes(i) : input_planes(i),
                               gated ? at(plan_.levels[i].heads[h]) : packed.values.data(),
                               packed.layout.out});
    }
    add_phases(sum, plan_.head_phases[h]);
    return sum;
}

void Run::add_phases(Sum& sum, const std::vector<std::size_t>& places) const {
    for (std::size_t s = 2; s < sum.sources.size(); ++s)
        sum.phases.push_back(make_phases(s, at(places[s - 2]), plan_.extents[sum.level + s],
                                         sum.sources[s].out_channels));
}

void Run::execute(float* own) const {
    if (!pyramid_.neck.empty()) neck(own);
    for (std::size_t h = 0; h < pyramid_.heads.size(); ++h) head(h, own);
}

void Run::head(std::size_t h, float* own) const {
    const Sum& sum = head_sums_[h];
    const std::size_t last = sum.steps() - 1;
    for (std::size_t step = 0; step < last; ++step)
        for_each_task(tiling(sum, step).count(),
                      [&](int task) { coarse_tile(sum, step, task, own); });
    for_each_task(tiling(sum, last).count(), [&](int task) { head_tile(h, task, own); });
}

void Run::neck(float* own) const {
    const std::size_t levels = pyramid_.levels();
    if (!lateral_maps_.empty()) {
        means(lateral_maps_, lateral_means_);
        for_each_task(static_cast<int>(levels),
                      [&](int i) { gate_lateral(static_cast<std::size_t>(i), own); });
    }
    for_each_task(
        levels,
        [&](std::size_t i) {
            return static_cast<int>(sums_[i].sources.size() - 1) *
                   pyramid_.neck[i].winograd.layout.blocks();
        },
        [&](std::size_t i, int task) { compose(i, task); });
    for (std::size_t k = levels; k-- > pyramid_.first_materialised;) materialise(k, own);
    // The levels' sums are independent: their steps share rounds.
    for (std::size_t step = 0; step < rounds_; ++step)
        for_each_task(
            levels,
            [&](std::size_t i) {
                return step < sums_[i].steps() ? tiling(sums_[i], step).count() : 0;
            },
            [&](std::size_t i, int task) { level_tile(i, step, task, own); });
    if (!p_maps_.empty()) {
        means(p_maps_, p_means_);
        for_each_task(static_cast<int>(levels),
                      [&](int i) { gate_head(static_cast<std::size_t>(i), own); });
    }
}

void Run::means(const std::vector<Planes>& maps, const std::vector<float*>& out) const {
    for_each_task(
        maps.size(), [&](std::size_t i) { return maps[i].loaded_channels(); },
        [&](std::size_t i, int c) {
            const Planes& planes = maps[i];
            double sum = 0;
            for (int y = 0; y < planes.height && c < planes.channels; ++y)
                sum += pyramid_.kernels.sum(planes.data + c * planes.plane + y * planes.row,
                                            planes.width);
            const double count = static_cast<double>(planes.height) * planes.width;
            out[i][c] = c < planes.channels ? static_cast<float>(sum / count) : 1.0F;
        });
}

void Run::gate_lateral(std::size_t i, float* own) const {
    const NeckLevel& level = pyramid_.neck[i];
    if (!level.lateral_gate) return;
    const PyramidPlan::Level& place = plan_.levels[i];
    float* lateral_means = own;
    float* factors = lateral_means + level.lateral.out;
    level.lateral_means(at(place.input_means), lateral_means);
    gate_factors(*level.lateral_gate, lateral_means, factors + level.lateral.out, factors);
    scale_outputs(level.point, factors, at(place.point));
    scale_inputs(level.transposed, factors, at(place.transposed));
}

void Run::gate_head(std::size_t i, float* own) const {
    const NeckLevel& level = pyramid_.neck[i];
    if (!level.out_gate) return;
    float* factors = own;
    gate_factors(*level.out_gate, at(plan_.levels[i].p_means), factors + level.out_channels(),
                 factors);
    for (std::size_t h = 0; h < pyramid_.heads.size(); ++h)
        scale_inputs(pyramid_.heads[h].parts[i], factors, at(plan_.levels[i].heads[h]));
}

// One block of output channels of one of p_i's composite weights.
void Run::compose(std::size_t i, int task) const {
    const NeckLevel& level = pyramid_.neck[i];
    const int blocks = level.winograd.layout.blocks();
    const std::size_t j = i + static_cast<std::size_t>(task / blocks);
    compose_block(pyramid_.kernels, level.outer(j == i), task % blocks, pyramid_.neck[j].transposed,
                  transposed_weights(j), at(plan_.levels[i].composite[j - i]));
}

// f_k; all phases of the coarser level are f_{k+1}.
void Run::materialise(std::size_t k, float* own) const {
    const Planes to = f_planes(k);
    const Source source{input_planes(k), point_weights(k), to.channels};
    Phases coarser;
    Start start;
    if (k + 1 < pyramid_.levels()) {
        const Planes above = f_planes(k + 1);
        for (auto& row : coarser.map) row.fill(at(plan_.levels[k + 1].f));
        coarser.row = above.row;
        coarser.plane = above.plane;
        start.coarser = &coarser;
    }
    const Tiling tiles = coarse_tiling(plan_.extents[k], source.planes.loaded_channels());
    for_each_task(tiles.count(), [&](int task) {
        const Tile tile = tiles[task];
        float* out = at(plan_.levels[k].f) + tile.y * to.row + tile.x;
        point_tile(pyramid_.kernels, source, start, tile, {out, to.row, to.plane, false}, own);
    });
}

Tiling Run::tiling(const Sum& sum, std::size_t step) const {
    const bool last = step + 1 == sum.steps();
    const std::size_t s = last ? 0 : sum.sources.size() - 1 - step;
    const Extent& extent = plan_.extents[sum.level + s];
    const int channels = sum.sources[s].planes.loaded_channels();
    return last ? fine_tiling(extent, channels) : coarse_tiling(extent, channels);
}

void Run::coarse_tile(const Sum& sum, std::size_t step, int task, float* own) const {
    const std::size_t s = sum.sources.size() - 1 - step;
    edges_tile(pyramid_.kernels, sum.sources[s], sum.start_of(s), tiling(sum, step)[task],
               sum.phases[s - 2], own);
}

// Source 1 under the tile, then source 0.
void Run::fine_tile(const Sum& sum, const Tile& tile, const Target& target, float* own) const {
    Phases local;
    if (sum.sources.size() > 1) {
        const Source& coarser = sum.sources[1];
        const Tiling tiles = tiling(sum, sum.steps() - 1);
        const FineMemory memory(tiles, sum.sources[0].planes.loaded_channels(),
                                coarser.planes.loaded_channels(), coarser.out_channels);
        local = make_phases(1, own + memory.phases, under(tiles), coarser.out_channels);
        local.y = tile.y / 2;
        local.x = tile.x / 2;
        for (int y = 0; 2 * y < tile.rows; ++y)
            edges_tile(pyramid_.kernels, coarser, sum.start_of(1),
                       {local.y + y, 1, local.x, tile.width / 2}, local, own);
    }
    winograd_tile(pyramid_.kernels, sum.sources[0], sum.start_of(0, &local), tile, target, own);
}

void Run::level_tile(std::size_t i, std::size_t step, int task, float* own) const {
    const Sum& sum = sums_[i];
    if (step + 1 < sum.steps()) return coarse_tile(sum, step, task, own);
    const Tile tile = tiling(sum, step)[task];
    const Planes to = p_planes(i);
    float* out = at(plan_.levels[i].p) + tile.y * to.row + tile.x;
    fine_tile(sum, tile, {out, to.row, to.plane, false}, own);
}

// The head's convolution of a tile and everything behind it.
void Run::head_tile(std::size_t h, int task, float* own) const {
    const Sum& sum = head_sums_[h];
    const HeadTail& tail = pyramid_.heads[h].tail;
    const Tiling tiles = tiling(sum, sum.steps() - 1);
    const Tile tile = tiles[task];
    const int channels = tail.in_channels();
    float* tail_scratch = own + plan_.thread_floats - tail.scratch_floats(tiles.width);
    const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(channels + 1) * tiles.width;
    float* rows = tail_scratch - kWinogradRows * row;
    fine_tile(sum, tile, {rows, row, tiles.width, true}, own);
    const std::ptrdiff_t map_width = 4 * static_cast<std::ptrdiff_t>(tiles.extent.width);
    for (int r = 0; r < tile.rows; ++r) {
        std::fill_n(rows + r * row + static_cast<std::ptrdiff_t>(channels) * tiles.width,
                    tiles.width, 1.0F);
        tail.run(rows + r * row, tiles.width, tile.width,
                 maps_[h] + 4 * (tile.y + r) * map_width + 4 * tile.x, map_width, tail_scratch);
    }
}

class PyramidKernel final : public FusedKernel {
public:
    explicit PyramidKernel(PyramidPlan plan) : plan_(std::move(plan)) {}

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
            std::vector<float*> maps(outputs.begin(), outputs.end());
            for (float*& output : maps) output += n * map;
            const Run run(plan_, std::move(image), std::move(maps), shared);
#pragma omp parallel num_threads(threads)
            {
                const auto thread = static_cast<std::size_t>(omp_get_thread_num());
                run.execute(shared + plan_.shared_floats + thread * plan_.thread_floats);
            }
        }
    }

private:
    std::ptrdiff_t input_floats(std::size_t i) const {
        return static_cast<std::ptrdiff_t>(plan_.pyramid->input_channels(i)) *
               plan_.extents[i].height * plan_.extents[i].width;
    }

    PyramidPlan plan_;
};

}  // namespace

std::unique_ptr<FusedKernel> make_pyramid_kernel(std::shared_ptr<const Pyramid> pyramid,
                                                 const std::vector<model::Dims>& input_dims) {
    constexpr std::int64_t kLargest = 1 << 20;
    std::vector<Extent> extents;
    if (input_dims.size() != pyramid->levels()) return nullptr;
    for (const model::Dims& dims : input_dims) {
        const int channels = pyramid->input_channels(extents.size());
        if (dims.size() != 4 || dims[1] != channels || dims[0] != input_dims[0][0] || dims[0] < 1 ||
            dims[0] > kLargest)
            return nullptr;
        if (dims[2] < 1 || dims[3] < 1 || dims[2] > kLargest || dims[3] > kLargest) return nullptr;
        const Extent extent{static_cast<int>(dims[2]), static_cast<int>(dims[3])};
        if (!extents.empty() && (extents.back().height != 2 * extent.height ||
                                 extents.back().width != 2 * extent.width))
            return nullptr;
        extents.push_back(extent);
    }
    const int batch = static_cast<int>(input_dims[0][0]);
    return std::make_unique<PyramidKernel>(
        PyramidPlan(std::move(pyramid), batch, std::move(extents)));
}

}  // namespace dbnet::engine::cpu
