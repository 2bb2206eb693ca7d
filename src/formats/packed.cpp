// A text is a byte of flags, then its parts: numbers in 7 bits a byte, coordinates as float where
// that is exact for all of the text, else as double.
#include "formats/packed.hpp"

#include <algorithm>
#include <cstring>

namespace dbnet::formats {
namespace {

enum : unsigned char { kIgnore = 1, kQuad = 2, kRect = 4, kScore = 8, kText = 16, kFloat = 32 };

bool is_float(double value) { return static_cast<double>(static_cast<float>(value)) == value; }

bool are_floats(const RecordRegion& region) {
    const auto is_exact = [](const Point& p) { return is_float(p.x) && is_float(p.y); };
    return std::ranges::all_of(region.polygon, is_exact) &&
           (!region.quad || std::ranges::all_of(*region.quad, is_exact));
}

class Writer {
public:
    explicit Writer(std::string& bytes) : bytes_(bytes) {}

    template <typename Value>
    void raw(Value value) {
        bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void number(std::size_t value) {
        for (; value >= 128; value >>= 7) bytes_ += static_cast<char>(value | 128);
        bytes_ += static_cast<char>(value);
    }
    void point(const Point& point, bool as_float) {
        if (as_float) {
            raw(static_cast<float>(point.x));
            raw(static_cast<float>(point.y));
        } else {
            raw(point.x);
            raw(point.y);
        }
    }
    void text(const std::string& text) {
        number(text.size());
        bytes_ += text;
    }

private:
    std::string& bytes_;
};

class Reader {
public:
    explicit Reader(const std::string& bytes) : at_(bytes.data()) {}

    template <typename Value>
    Value raw() {
        Value value;
        std::memcpy(&value, at_, sizeof value);
        at_ += sizeof value;
        return value;
    }
    std::size_t number() {
        std::size_t value = 0;
        for (int shift = 0;; shift += 7) {
            const auto byte = static_cast<unsigned char>(*at_++);
            value |= static_cast<std::size_t>(byte & 127) << shift;
            if (byte < 128) return value;
        }
    }
    Point point(bool as_float) {
        if (!as_float) {
            const double x = raw<double>();
            return {x, raw<double>()};
        }
        const float x = raw<float>();
        return {x, raw<float>()};
    }
    std::string text() {
        const std::size_t size = number();
        at_ += size;
        return {at_ - size, size};
    }

private:
    const char* at_;
};

}  // namespace

PackedRegions::PackedRegions(const std::vector<RecordRegion>& regions) {
    for (const RecordRegion& region : regions) add(region);
    bytes_.shrink_to_fit();
}

void PackedRegions::add(const RecordRegion& region) {
    const bool as_float = are_floats(region);
    Writer out(bytes_);
    out.raw(static_cast<unsigned char>(
        (region.ignore ? kIgnore : 0) | (region.quad ? kQuad : 0) | (region.rect ? kRect : 0) |
        (region.score ? kScore : 0) | (region.text.empty() ? 0 : kText) | (as_float ? kFloat : 0)));
    out.number(region.line);
    out.number(region.polygon.size());
    for (const Point& point : region.polygon) out.point(point, as_float);
    if (region.quad)
        for (const Point& point : *region.quad) out.point(point, as_float);
    if (region.rect) out.raw(*region.rect);
    if (region.score) out.raw(*region.score);
    if (!region.text.empty()) out.text(region.text);
    ++count_;
}

std::vector<RecordRegion> PackedRegions::unpack() const {
    std::vector<RecordRegion> regions(count_);
    Reader in(bytes_);
    for (RecordRegion& region : regions) {
        const auto flags = in.raw<unsigned char>();
        const bool as_float = (flags & kFloat) != 0;
        region.ignore = (flags & kIgnore) != 0;
        region.line = in.number();
        region.polygon.resize(in.number());
        for (Point& point : region.polygon) point = in.point(as_float);
        if ((flags & kQuad) != 0)
            for (Point& point : region.quad.emplace()) point = in.point(as_float);
        if ((flags & kRect) != 0) region.rect = in.raw<Rect>();
        if ((flags & kScore) != 0) region.score = in.raw<float>();
        if ((flags & kText) != 0) region.text = in.text();
    }
    return regions;
}

}  // namespace dbnet::formats
