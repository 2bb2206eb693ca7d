// The Netpbm formats: P1 to P3 hold bits, grey values and RGB as text, P4 to P6 as bytes. Samples
// run from 0 to a maximum of 1 to 65535 and take two bytes, the high one first, above 255.
#include <limits>
#include <string_view>
#include <vector>

#include "image/codec.hpp"

namespace dbnet::image {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";

/// Reads numbers and samples off the front of a file.
class Scanner {
public:
    explicit Scanner(const Source& source) : source_(source), rest_(source.bytes.subspan(2)) {}

    std::size_t bytes_left() const { return rest_.size(); }

    /// A decimal number; a comment runs from # to the end of its line.
    std::int64_t number() {
        skip_space();
        if (rest_.empty() || !is_digit(rest_[0])) fail("a number is missing");
        std::int64_t value = 0;
        for (; !rest_.empty() && is_digit(rest_[0]); rest_ = rest_.subspan(1)) {
            value = value * 10 + (rest_[0] - '0');
            if (value > std::numeric_limits<std::int32_t>::max()) fail("a number is too large");
        }
        return value;
    }

    /// One 0 or 1 of a P1, which need not be separated.
    std::int64_t digit() {
        skip_space();
        if (rest_.empty() || (rest_[0] != '0' && rest_[0] != '1')) fail("a bit is missing");
        return byte() - '0';
    }

    std::uint8_t byte() {
        if (rest_.empty()) fail("it ends early");
        const std::uint8_t value = rest_[0];
        rest_ = rest_.subspan(1);
        return value;
    }

    [[noreturn]] void fail(std::string_view reason) const {
        source_.fail(ErrorCode::malformed, "broken or truncated PNM: ", reason);
    }

private:
    static bool is_digit(std::uint8_t byte) { return byte >= '0' && byte <= '9'; }

    void skip_space() {
        bool comment = false;
        while (!rest_.empty()) {
            const char next = static_cast<char>(rest_[0]);
            if (comment)
                comment = next != '\n' && next != '\r';
            else if (next == '#')
                comment = true;
            else if (kSpace.find(next) == std::string_view::npos)
                return;
            rest_ = rest_.subspan(1);
        }
    }

    const Source& source_;
    std::span<const std::uint8_t> rest_;
};

struct Header {
    bool text = false;
    bool bits = false;  ///< P1 and P4, where 1 is black
    int channels = 1;
    std::int64_t width = 0;
    std::int64_t height = 0;
    std::int64_t maximum = 1;

    std::int64_t row_samples() const { return width * channels; }

    /// Fewest bytes that the pixels take.
    std::int64_t least_bytes() const {
        if (bits) return text ? row_samples() * height : (width + 7) / 8 * height;
        if (text) return row_samples() * height * 2 - 1;
        return row_samples() * height * (maximum > 255 ? 2 : 1);
    }
};

Header read_header(const Source& source, Scanner& scan) {
    const int kind = source.bytes[1] - '0';
    Header header;
    header.text = kind <= 3;
    header.bits = kind == 1 || kind == 4;
    header.channels = kind == 3 || kind == 6 ? 3 : 1;
    header.width = scan.number();
    header.height = scan.number();
    source.check_size(header.width, header.height);
    if (!header.bits) header.maximum = scan.number();
    if (header.maximum < 1 || header.maximum > 65535)
        scan.fail("the largest sample is not 1 to 65535");
    if (!header.text) scan.byte();  // the one space before the pixels
    if (static_cast<std::int64_t>(scan.bytes_left()) < header.least_bytes())
        scan.fail("it ends early");
    return header;
}

/// The 8-bit value of each sample.
std::vector<std::uint8_t> scale_table(const Header& header) {
    std::vector<std::uint8_t> table;
    for (std::int64_t value = 0; value <= header.maximum; ++value)
        table.push_back(static_cast<std::uint8_t>(
            ((header.bits ? 1 - value : value) * 255 + header.maximum / 2) / header.maximum));
    return table;
}

void read_row(const Header& header, Scanner& scan, std::vector<std::int64_t>& samples) {
    std::uint8_t eight = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (header.bits && !header.text) {
            if (i % 8 == 0) eight = scan.byte();
            samples[i] = eight >> (7 - i % 8) & 1;
        } else if (header.text) {
            samples[i] = header.bits ? scan.digit() : scan.number();
        } else {
            samples[i] = scan.byte();
            if (header.maximum > 255) samples[i] = samples[i] << 8 | scan.byte();
        }
        if (samples[i] > header.maximum) scan.fail("a sample is larger than the maximum");
    }
}

}  // namespace

Image decode_pnm(const Source& source) {
    Scanner scan(source);
    const Header header = read_header(source, scan);
    const auto scaled = scale_table(header);
    Image image = source.canvas(header.width, header.height);
    std::vector<std::int64_t> samples(static_cast<std::size_t>(header.row_samples()));
    const std::size_t next_channel = header.channels == 3 ? 1 : 0;
    for (int y = 0; y < image.height(); ++y) {
        read_row(header, scan, samples);
        std::uint8_t* rgb = image.row(y);
        for (std::size_t x = 0; x < static_cast<std::size_t>(image.width()); ++x)
            for (std::size_t c = 0; c < 3; ++c)
                rgb[3 * x + c] = scaled[samples[x * header.channels + c * next_channel]];
    }
    return image;
}

}  // namespace dbnet::image
