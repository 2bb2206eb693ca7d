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

// The part of a RowConv that all steps of a tile share.
RowConv row_conv(const Source& source, const LocalRows& rows, TapForm form, int taps, int width) {
    RowConv task;
    task.source_plane = rows.stride;
    task.in_channels = rows.channels;
    task.taps = taps;
    task.weights = source.weights;
    task.slots = slots_of(form);
    task.out_channels = source.out_channels;
    task.width = width;
    return task;
}

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
    RowConv task = row_conv(source, rows, TapForm::point, 1, tile.width);
    const RowTerm begin{target.data, target.plane};
    task.terms = {&begin, 1};
    task.source = rows.pixels(0);
    task.out = target.data;
    task.out_plane = target.plane;
    task.relu = target.relu;
    kernels.conv(task);
}

void winograd_tile(const RowKernels& kernels, const Source& source, const Start& start,
                   const Tile& tile, const Target& target, float* scratch) {
    const LocalRows rows = load_rows(source.planes, tile, -1, 6, scratch);
    for (int c = 0; c < rows.channels; ++c)
        kernels.winograd_rows(rows.data + c * rows.stride, rows.channels * rows.stride,
                              tile.width + 2);

    RowConv task = row_conv(source, rows, TapForm::winograd, 3, tile.width);
    const auto product = [&](int q, float* out, std::ptrdiff_t plane) {
        task.source = rows.row(q);
        task.first_slot = 3 * q;
        task.out = out;
        task.out_plane = plane;
        kernels.conv(task);
    };
    const std::ptrdiff_t plane = round_up(tile.width, kRowRoom);
    std::array<RowTerm, 5> terms;
    float* products = scratch + 6 * rows.channels * rows.stride;
    for (int q = 1; q <= 4; ++q, products += plane * source.out_channels) {
        product(q, products, plane);
        terms[static_cast<std::size_t>(q)] = {products, plane};
    }
    task.terms = terms;
    task.relu = target.relu;
    for (int r = 0; r < tile.rows; ++r) {
        float* out = target.data + r * target.row;
        start_row(kernels, start, kSingle, kSingle, tile.y + r, tile, source.out_channels, out,
                  target.plane);
        terms[0] = {out, target.plane};
        for (std::size_t q = 1; q <= 4; ++q)
            terms[q].scale = kWinogradOutput[static_cast<std::size_t>(r)][q - 1];
        task.in_channels = r == 0 || r == 3 ? rows.channels : 0;
        product(r == 0 ? 0 : 5, out, target.plane);
    }
}

void edges_tile(const RowKernels& kernels, const Source& source, const Start& start,
                const Tile& tile, const Phases& phases, float* scratch) {
    // Rows 0 and 2 become differences along y, rows 3 to 5 differences along x of 1, 0 and 2.
    const LocalRows rows = load_rows(source.planes, tile, -1, 3, scratch);
    for (int c = 0; c < rows.channels; ++c) {
        const auto row = [&](int r) { return rows.row(r) + c * rows.stride; };
        kernels.subtract(row(1), row(0), row(0), tile.width + 2);
        kernels.subtract(row(2), row(1), row(2), tile.width + 2);
        constexpr std::array<int, 3> kFrom = {1, 0, 2};
        for (int i = 0; i < 3; ++i) {
            const float* from = row(kFrom[static_cast<std::size_t>(i)]);
            kernels.subtract(from + 1, from, row(3 + i) + 1, tile.width + 1);
        }
    }

    RowConv task = row_conv(source, rows, TapForm::edges, 1, tile.width);
    // The product of the y part a and the x part b (0 sum, 1 first, 2 last) added to terms.
    const auto product = [&](int a, int b, std::span<const RowTerm> terms, RowTerm out) {
        constexpr std::array<std::array<int, 2>, 3> kRow = {{{1, 3}, {0, 4}, {2, 5}}};
        task.source = rows.pixels(kRow[static_cast<std::size_t>(a)][b == 0 ? 0 : 1]) + b / 2;
        task.first_slot = 3 * a + b;
        task.terms = terms;
        task.out = const_cast<float*>(out.row);
        task.out_plane = out.plane;
        kernels.conv(task);
    };
    const std::ptrdiff_t plane = round_up(tile.width, kRowRoom);
    float* memory = scratch + 6 * rows.channels * rows.stride;
    const auto temporary = [&] {
        const RowTerm term{memory, plane};
        memory += plane * source.out_channels;
        return term;
    };
    const RowTerm sum = temporary();
    product(0, 0, {}, sum);
    const std::array<RowTerm, 2> in_y = {temporary(), temporary()};
    const std::array<RowTerm, 2> in_x = {temporary(), temporary()};
    for (int i = 0; i < 2; ++i) {
        product(1 + i, 0, {&sum, 1}, in_y[static_cast<std::size_t>(i)]);
        product(0, 1 + i, {}, in_x[static_cast<std::size_t>(i)]);
    }
    for (int py = kFirst; py <= kLast; ++py)
        for (int px = kFirst; px <= kLast; ++px) {
            float* map = phases.map[static_cast<std::size_t>(py)][static_cast<std::size_t>(px)];
            if (map == nullptr) continue;
            float* out = map + phases.offset(tile.y, tile.x);
            start_row(kernels, start, py, px, tile.y, tile, source.out_channels, out, phases.plane);
            const RowTerm begin{out, phases.plane};
            const RowTerm y_part = py == kInner ? sum : in_y[static_cast<std::size_t>(py / 2)];
            const RowTerm x_part = in_x[static_cast<std::size_t>(px / 2)];
            const std::array<RowTerm, 3> terms = {begin, y_part, x_part};
            task.in_channels = py == kInner || px == kInner ? 0 : rows.channels;
            product(1 + py / 2, 1 + px / 2, std::span(terms).first(px == kInner ? 2 : 3), begin);
        }
}

}  // namespace dbnet::engine::cpu
