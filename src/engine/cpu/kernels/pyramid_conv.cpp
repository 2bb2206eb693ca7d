#include "engine/cpu/kernels/pyramid_conv.hpp"

#include <algorithm>
#include <cstring>

namespace dbnet::engine::cpu {

namespace {

constexpr int kFirst = 0;
constexpr int kInner = 1;
constexpr int kLast = 2;

// Rows of weights per form, as combinations of a 3x3 kernel's rows (or columns).
using Combination = std::array<float, 3>;
constexpr std::array<Combination, 6> kWinogradWeights = {{{1.0F / 4, 0, 0},
                                                          {-1.0F / 6, -1.0F / 6, -1.0F / 6},
                                                          {-1.0F / 6, 1.0F / 6, -1.0F / 6},
                                                          {1.0F / 24, 1.0F / 12, 1.0F / 6},
                                                          {1.0F / 24, -1.0F / 12, 1.0F / 6},
                                                          {0, 0, 1}}};
constexpr std::array<Combination, 3> kEdgeWeights = {{{1, 1, 1}, {-1, 0, 0}, {0, 0, 1}}};
constexpr std::array<Combination, 3> kPlainWeights = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};

// Output row r of F(4,3) from the products 1 to 4; product 0 enters row 0 and product 5 row 3.
constexpr std::array<std::array<float, 4>, kWinogradRows> kWinogradOutput = {
    {{1, 1, 1, 1}, {1, -1, 2, -2}, {1, 1, 4, 4}, {1, -1, 8, -8}}};

std::vector<float> transform(std::span<const float> kernel, std::span<const Combination> rows,
                             std::span<const Combination> columns) {
    std::vector<float> result;
    for (const Combination& row : rows)
        for (const Combination& column : columns) {
            double sum = 0;
            for (std::size_t y = 0; y < 3; ++y)
                for (std::size_t x = 0; x < 3; ++x)
                    sum += static_cast<double>(row[y]) * column[x] * kernel[3 * y + x];
            result.push_back(static_cast<float>(sum));
        }
    return result;
}

std::vector<float> slot_values(TapForm form, std::span<const float> kernel) {
    switch (form) {
        case TapForm::winograd: return transform(kernel, kWinogradWeights, kPlainWeights);
        case TapForm::edges: return transform(kernel, kEdgeWeights, kEdgeWeights);
        case TapForm::point: break;
    }
    return {kernel.begin(), kernel.end()};
}

std::ptrdiff_t local_stride(int width) { return round_up(width + 2, kRowRoom); }

void load_row(const Planes& planes, int y, const Tile& tile, float* to, std::ptrdiff_t stride) {
    const int left = tile.x > 0 ? 1 : 0;
    const int right = tile.x + tile.width < planes.width ? 1 : 0;
    const bool inside = y >= 0 && y < planes.height;
    const auto count = static_cast<std::size_t>(tile.width + left + right);
    for (int c = 0; c < planes.loaded_channels(); ++c, to += stride) {
        to[0] = 0;
        to[tile.width + 1] = 0;
        float* first = to + 1 - left;
        if (!inside) {
            std::fill_n(first, count, 0.0F);
        } else if (c == planes.channels) {
            std::fill_n(first, count, 1.0F);
        } else {
            const float* from = planes.data + c * planes.plane + y * planes.row + tile.x - left;
            std::memcpy(first, from, count * sizeof(float));
        }
    }
}

// The phase of the coarser level that a pixel meets: `phase` is its own phase (kSingle at the
// finest level), `parity` its coordinate modulo 2.
constexpr int kSingle = -1;
std::size_t coarser_phase(int phase, int parity) {
    if (phase == kSingle) return static_cast<std::size_t>(parity == 0 ? kFirst : kLast);
    if (phase == kFirst && parity == 0) return kFirst;
    if (phase == kLast && parity == 1) return kLast;
    return kInner;
}

void start_row(const RowKernels& kernels, const Start& start, int phase_y, int phase_x, int y,
               const Tile& tile, int channels, float* out, std::ptrdiff_t plane) {
    if (start.coarser == nullptr) {
        for (int k = 0; k < channels; ++k, out += plane)
            std::fill_n(out, round_up(tile.width, kRowRoom),
                        start.bias == nullptr ? 0.0F : start.bias[k]);
        return;
    }
    const Phases& coarser = *start.coarser;
    const auto& maps = coarser.map[coarser_phase(phase_y, y % 2)];
    const std::ptrdiff_t at = coarser.offset(y / 2, tile.x / 2);
    const float* even = maps[coarser_phase(phase_x, 0)] + at;
    const float* odd = maps[coarser_phase(phase_x, 1)] + at;
    for (int k = 0; k < channels; ++k, even += coarser.plane, odd += coarser.plane, out += plane)
        kernels.interleave(even, odd, out, tile.width);
}

// The row convolutions of one tile: they share the source's rows, its weights and the memory for
// what is used more than once.
class TileConv {
public:
    TileConv(const RowKernels& kernels, const Source& source, const LocalRows& rows, TapForm form,
             int taps, int width, float* memory)
        : kernels_(kernels), plane_(round_up(width, kRowRoom)), memory_(memory) {
        task_.source_plane = rows.stride;
        task_.in_channels = rows.channels;
        task_.taps = taps;
        task_.weights = source.weights;
        task_.slots = slots_of(form);
        task_.out_channels = source.out_channels;
        task_.width = width;
    }

    /// out = sum of the terms + the pixels times the weights from a slot on.
    void add_product(std::span<const RowTerm> terms, const float* pixels, int slot, float* out,
                     std::ptrdiff_t plane, bool relu = false) const {
        RowConv task = task_;
        task.terms = terms;
        task.source = pixels;
        task.first_slot = slot;
        task.out = out;
        task.out_plane = plane;
        task.relu = relu;
        kernels_.conv(task);
    }
    /// out = sum of the terms.
    void add(std::span<const RowTerm> terms, float* out, std::ptrdiff_t plane,
             bool relu = false) const {
        RowConv task = task_;
        task.terms = terms;
        task.in_channels = 0;
        task.out = out;
        task.out_plane = plane;
        task.relu = relu;
        kernels_.conv(task);
    }
    /// The same as add_product, kept for the lifetime of the tile.
    RowTerm keep_product(std::span<const RowTerm> terms, const float* pixels, int slot) {
        float* out = memory_;
        memory_ += plane_ * task_.out_channels;
        add_product(terms, pixels, slot, out, plane_);
        return {out, plane_};
    }

private:
    const RowKernels& kernels_;
    RowConv task_;
    std::ptrdiff_t plane_;
    float* memory_;
};

// Rows y - 1, y, y + 1 (0, 1, 2) -> backward differences along y of y and y + 1 in 0 and 2; and
// those along x of rows 1, 0 and 2 in 3, 4 and 5.
void make_differences(const RowKernels& kernels, const LocalRows& rows, int width) {
    for (int c = 0; c < rows.channels; ++c) {
        const auto row = [&](int r) { return rows.row(r) + c * rows.stride; };
        const auto along_x = [&](int from, int to) {
            kernels.subtract(row(from) + 1, row(from), row(to) + 1, width + 1);
        };
        kernels.subtract(row(1), row(0), row(0), width + 2);
        kernels.subtract(row(2), row(1), row(2), width + 2);
        along_x(1, 3);
        along_x(0, 4);
        along_x(2, 5);
    }
}

// Parts of the edges form in one dimension.
enum Part : int { kSum, kFirstEdge, kLastEdge };

const float* edge_pixels(const LocalRows& rows, Part y, Part x) {
    constexpr std::array<int, 3> kSumRow = {1, 0, 2};
    constexpr std::array<int, 3> kEdgeRow = {3, 4, 5};
    const int row = (x == kSum ? kSumRow : kEdgeRow)[static_cast<std::size_t>(y)];
    return rows.pixels(row) + (x == kLastEdge ? 1 : 0);
}

int edge_slot(Part y, Part x) { return 3 * y + x; }

Part edge_of(int phase) { return phase == kFirst ? kFirstEdge : kLastEdge; }

}  // namespace

LocalRows load_rows(const Planes& planes, const Tile& tile, int first, int count, float* scratch) {
    const LocalRows rows{scratch, planes.loaded_channels(), local_stride(tile.width)};
    for (int r = 0; r < count; ++r)
        load_row(planes, tile.y + first + r, tile, rows.row(r), rows.stride);
    return rows;
}

int slots_of(TapForm form) {
    switch (form) {
        case TapForm::winograd: return 18;
        case TapForm::edges: return 9;
        case TapForm::point: break;
    }
    return 1;
}

std::vector<float> pack_weights(TapForm form, std::span<const float> weights, int in, int out,
                                int max_block) {
    const PackedLayout layout(in, out, slots_of(form), max_block);
    const std::size_t taps = form == TapForm::point ? 1 : 9;
    std::vector<float> packed(static_cast<std::size_t>(layout.floats()));
    for (int b = 0; b < layout.blocks(); ++b)
        for (int c = 0; c < in; ++c) {
            float* run = packed.data() + layout.offset(b) + c * layout.run(b);
            for (int k = 0; k < layout.size(b); ++k) {
                const auto pair = static_cast<std::size_t>(layout.begin(b) + k) * in + c;
                const auto values = slot_values(form, weights.subspan(pair * taps, taps));
                for (std::size_t s = 0; s < values.size(); ++s)
                    run[static_cast<std::ptrdiff_t>(s) * layout.size(b) + k] = values[s];
            }
        }
    return packed;
}

int tile_width(int loaded_channels, int width) {
    constexpr int kWidest = 160;
    constexpr int kCacheFloats = 96 * 1024;
    const int fits = kCacheFloats / (6 * loaded_channels) - kRowRoom;
    const int limit = std::clamp(fits / kRowRoom * kRowRoom, kRowRoom, kWidest);
    const int tiles = (width + limit - 1) / limit;
    return static_cast<int>(round_up((width + tiles - 1) / tiles, kRowRoom));
}

std::size_t tile_scratch(int loaded_channels, int out_channels, int tile_width) {
    return static_cast<std::size_t>(6 * loaded_channels * local_stride(tile_width) +
                                    5 * out_channels * round_up(tile_width, kRowRoom));
}

void point_tile(const RowKernels& kernels, const Source& source, const Start& start,
                const Tile& tile, const Target& target, float* scratch) {
    const LocalRows rows = load_rows(source.planes, tile, 0, 1, scratch);
    start_row(kernels, start, kSingle, kSingle, tile.y, tile, source.out_channels, target.data,
              target.plane);
    const TileConv conv(kernels, source, rows, TapForm::point, 1, tile.width, nullptr);
    const RowTerm begin{target.data, target.plane};
    conv.add_product({&begin, 1}, rows.pixels(0), 0, target.data, target.plane, target.relu);
}

void winograd_tile(const RowKernels& kernels, const Source& source, const Start& start,
                   const Tile& tile, const Target& target, float* scratch) {
    const LocalRows rows = load_rows(source.planes, tile, -1, 6, scratch);
    for (int c = 0; c < rows.channels; ++c)
        kernels.winograd_rows(rows.data + c * rows.stride, rows.channels * rows.stride,
                              tile.width + 2);

    TileConv conv(kernels, source, rows, TapForm::winograd, 3, tile.width,
                  scratch + 6 * rows.channels * rows.stride);
    std::array<RowTerm, 5> terms;
    for (int q = 1; q <= 4; ++q)
        terms[static_cast<std::size_t>(q)] = conv.keep_product({}, rows.row(q), 3 * q);
    for (int r = 0; r < tile.rows; ++r) {
        float* out = target.data + r * target.row;
        start_row(kernels, start, kSingle, kSingle, tile.y + r, tile, source.out_channels, out,
                  target.plane);
        terms[0] = {out, target.plane};
        for (std::size_t q = 1; q <= 4; ++q)
            terms[q].scale = kWinogradOutput[static_cast<std::size_t>(r)][q - 1];
        if (r == 0 || r == 3)
            conv.add_product(terms, rows.row(r == 0 ? 0 : 5), r == 0 ? 0 : 15, out, target.plane,
                             target.relu);
        else
            conv.add(terms, out, target.plane, target.relu);
    }
}

void edges_tile(const RowKernels& kernels, const Source& source, const Start& start,
                const Tile& tile, const Phases& phases, float* scratch) {
    const LocalRows rows = load_rows(source.planes, tile, -1, 3, scratch);
    make_differences(kernels, rows, tile.width);
    TileConv conv(kernels, source, rows, TapForm::edges, 1, tile.width,
                  scratch + 6 * rows.channels * rows.stride);
    const auto keep = [&](std::span<const RowTerm> terms, Part y, Part x) {
        return conv.keep_product(terms, edge_pixels(rows, y, x), edge_slot(y, x));
    };
    // By phase. In y with the sum, so that a phase is one of in_y plus one of in_x plus, where both
    // are edges, their product.
    const RowTerm sum = keep({}, kSum, kSum);
    const std::array<RowTerm, 3> in_y = {keep({&sum, 1}, kFirstEdge, kSum), sum,
                                         keep({&sum, 1}, kLastEdge, kSum)};
    const std::array<RowTerm, 3> in_x = {keep({}, kSum, kFirstEdge), RowTerm{},
                                         keep({}, kSum, kLastEdge)};
    for (int py = kFirst; py <= kLast; ++py)
        for (int px = kFirst; px <= kLast; ++px) {
            const auto y = static_cast<std::size_t>(py);
            const auto x = static_cast<std::size_t>(px);
            if (phases.map[y][x] == nullptr) continue;
            float* out = phases.map[y][x] + phases.offset(tile.y, tile.x);
            start_row(kernels, start, py, px, tile.y, tile, source.out_channels, out, phases.plane);
            const std::array<RowTerm, 3> parts = {RowTerm{out, phases.plane}, in_y[y], in_x[x]};
            const auto terms = std::span(parts).first(px == kInner ? 2 : 3);
            if (py == kInner || px == kInner)
                conv.add(terms, out, phases.plane);
            else
                conv.add_product(terms, edge_pixels(rows, edge_of(py), edge_of(px)),
                                 edge_slot(edge_of(py), edge_of(px)), out, phases.plane);
        }
}

}  // namespace dbnet::engine::cpu
