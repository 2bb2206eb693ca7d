#include "app/data_stats.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string_view>

#include "core/error.hpp"
#include "core/log.hpp"
#include "formats/document.hpp"
#include "geometry/min_area_rect.hpp"

namespace dbnet::app {
namespace {

constexpr double kSmall = 8;    ///< pixels
constexpr double kTilted = 10;  ///< degrees

Spread spread_of(std::vector<double> values) {
    if (values.empty()) return {};
    std::ranges::sort(values);
    const auto at = [&](double part) {
        return values[static_cast<std::size_t>(
            std::lround(part * static_cast<double>(values.size() - 1)))];
    };
    return {values.front(), at(0.1), at(0.5), at(0.9), values.back()};
}

struct Script {
    std::string_view name;
    char32_t first;
    char32_t last;
};

/// Blocks of Unicode that tell scripts apart well enough for counting.
constexpr std::array<Script, 20> kScripts{
    {{"Latin", 'A', 'Z'},        {"Latin", 'a', 'z'},        {"digits", '0', '9'},
     {"Latin", 0xC0, 0x24F},     {"Greek", 0x370, 0x3FF},    {"Cyrillic", 0x400, 0x52F},
     {"Hebrew", 0x590, 0x5FF},   {"Arabic", 0x600, 0x77F},   {"Devanagari", 0x900, 0x97F},
     {"Bengali", 0x980, 0x9FF},  {"Tamil", 0xB80, 0xBFF},    {"Thai", 0xE00, 0xE7F},
     {"Hangul", 0x1100, 0x11FF}, {"Kana", 0x3040, 0x30FF},   {"Hangul", 0x3130, 0x318F},
     {"Han", 0x3400, 0x9FFF},    {"Hangul", 0xAC00, 0xD7AF}, {"Han", 0xF900, 0xFAFF},
     {"Latin", 0x1E00, 0x1EFF},  {"Han", 0x20000, 0x2FFFF}}};

std::string_view script_of(char32_t letter) {
    for (const Script& script : kScripts)
        if (letter >= script.first && letter <= script.last) return script.name;
    return "others";
}

/// The characters of UTF-8; bytes that are none count as one each.
std::vector<char32_t> characters(std::string_view text) {
    std::vector<char32_t> result;
    for (std::size_t i = 0; i < text.size();) {
        const auto head = static_cast<unsigned char>(text[i]);
        const std::size_t more = head >= 0xF0 ? 3 : head >= 0xE0 ? 2 : head >= 0xC0 ? 1 : 0;
        char32_t value = more == 0 ? head : head & (0x3Fu >> more);
        ++i;
        for (std::size_t k = 0; k < more && i < text.size(); ++k, ++i)
            value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
        result.push_back(value);
    }
    return result;
}

class Count {
public:
    DataStats run(const std::vector<data::DatasetSpec>& specs) {
        for (const data::DatasetSpec& spec : specs) {
            const data::DatasetSpec known = data::recognised(
                spec, [](const std::string& what) { core::log(core::LogLevel::info, what); });
            const data::Listing listing = data::list_images(known);
            stats_.problems +=
                listing.problems.size() + listing.unusable.size() + listing.more_unusable;
            for (const auto& [what, count] : listing.ignored) stats_.ignored[what] += count;
            for (const data::LabelledImage& image : listing.images) add(known, image);
        }
        stats_.width = spread_of(std::move(widths_));
        stats_.height = spread_of(std::move(heights_));
        stats_.texts_per_image = spread_of(std::move(texts_));
        stats_.text_height = spread_of(std::move(text_heights_));
        stats_.text_aspect = spread_of(std::move(aspects_));
        stats_.word_length = spread_of(std::move(lengths_));
        return std::move(stats_);
    }

private:
    void add(const data::DatasetSpec& spec, const data::LabelledImage& image) {
        try {
            const formats::Record record = data::read_record(
                spec, image, [&](const Error&) { ++stats_.problems; },
                [&](std::string_view what) { ++stats_.ignored[std::string(what)]; });
            data::Size size{record.width, record.height};
            if (size.width == 0 || size.height == 0) size = data::upright_size(image.image);
            widths_.push_back(size.width);
            heights_.push_back(size.height);
            ++stats_.images;
            stats_.without_text += record.regions.empty() ? 1 : 0;
            texts_.push_back(static_cast<double>(record.regions.size()));
            for (const formats::RecordRegion& region : record.regions) add(region);
        } catch (const Error& error) {
            ++stats_.problems;
            core::log(core::LogLevel::warning, error.what());
        }
    }

    void add(const formats::RecordRegion& text) {
        ++stats_.texts;
        if (text.ignore) {
            ++stats_.illegible;
            return;
        }
        const geometry::TurnedRect rect = geometry::min_area_rect(text.polygon);
        const double low = rect.short_side;
        const double high = rect.long_side;
        text_heights_.push_back(low);
        if (low > 0) aspects_.push_back(high / low);
        stats_.small += low < kSmall ? 1 : 0;
        stats_.polygons += text.polygon.size() > 4 ? 1 : 0;
        const Point& a = text.polygon[0];
        const Point& b = text.polygon[1];
        const double degrees = std::abs(std::atan2(b.y - a.y, b.x - a.x)) * 180 / std::numbers::pi;
        const double tilt = std::min({degrees, std::abs(degrees - 90), 180 - degrees});
        stats_.tilted += tilt > kTilted ? 1 : 0;
        add_word(text.text);
    }

    void add_word(const std::string& word) {
        if (word.empty()) return;
        ++stats_.with_words;
        const std::vector<char32_t> letters = characters(word);
        lengths_.push_back(static_cast<double>(letters.size()));
        for (const char32_t letter : letters)
            if (letter > ' ') ++stats_.scripts[std::string(script_of(letter))];
    }

    DataStats stats_;
    std::vector<double> widths_, heights_, texts_, text_heights_, aspects_, lengths_;
};

std::string line_of(std::string_view name, const Spread& spread) {
    const auto print = [](double value) { return core::concat(std::round(value * 10) / 10); };
    std::string label(name);
    label.resize(22, ' ');
    return core::concat(label, print(spread.least), "  ", print(spread.tenth), "  ",
                        print(spread.median), "  ", print(spread.ninth), "  ", print(spread.most),
                        "\n");
}

formats::OrderedJson json_of(const Spread& spread) {
    return {{"least", spread.least},
            {"tenth", spread.tenth},
            {"median", spread.median},
            {"ninth", spread.ninth},
            {"most", spread.most}};
}

std::string percent(std::size_t part, std::size_t whole) {
    if (whole == 0) return "0";
    return core::concat(part, " (",
                        std::lround(100.0 * static_cast<double>(part) / static_cast<double>(whole)),
                        "%)");
}

}  // namespace

DataStats data_stats(const std::vector<data::DatasetSpec>& specs) {
    for (const data::DatasetSpec& spec : specs)
        if (spec.source != nullptr)
            core::fail(ErrorCode::invalid_argument, spec.images,
                       ": these pictures are made, not read: there is nothing to count");
    return Count().run(specs);
}

std::string to_text(const DataStats& s) {
    const std::size_t legible = s.texts - s.illegible;
    std::string text = core::concat(
        "images                ", s.images, ", ", s.without_text, " without text\n",
        "texts                 ", s.texts, ", ", percent(s.illegible, s.texts), " illegible\n",
        "with words            ", percent(s.with_words, legible), "\n", "below 8 pixels        ",
        percent(s.small, legible), "\n", "tilted over 10 deg    ", percent(s.tilted, legible), "\n",
        "more than 4 points    ", percent(s.polygons, legible), "\n",
        "                      least  tenth  median  ninth  most\n");
    text += line_of("image width", s.width) + line_of("image height", s.height) +
            line_of("texts per image", s.texts_per_image) + line_of("text height", s.text_height) +
            line_of("length by height", s.text_aspect) +
            line_of("letters of a word", s.word_length);
    for (const auto& [script, count] : s.scripts) {
        std::string label = "letters, " + script;
        label.resize(22, ' ');
        text += core::concat(label, count, "\n");
    }
    for (const auto& [what, count] : s.ignored)
        text += core::concat("no text: ", what, ", ", count, " times\n");
    if (s.problems > 0)
        text +=
            core::concat("cannot be read        ", s.problems, " parts: see dbnet data check\n");
    return text;
}

std::string to_json(const DataStats& s) {
    return formats::to_text({{"images", s.images},
                             {"without_text", s.without_text},
                             {"texts", s.texts},
                             {"illegible", s.illegible},
                             {"with_words", s.with_words},
                             {"below_8_pixels", s.small},
                             {"tilted", s.tilted},
                             {"more_than_4_points", s.polygons},
                             {"image_width", json_of(s.width)},
                             {"image_height", json_of(s.height)},
                             {"texts_per_image", json_of(s.texts_per_image)},
                             {"text_height", json_of(s.text_height)},
                             {"length_by_height", json_of(s.text_aspect)},
                             {"letters_of_a_word", json_of(s.word_length)},
                             {"scripts", s.scripts},
                             {"no_text", s.ignored},
                             {"problems", s.problems}});
}

}  // namespace dbnet::app
