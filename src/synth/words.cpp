#include "synth/words.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/error.hpp"
#include "core/file.hpp"
#include "synth/utf8.hpp"

namespace dbnet::synth {
namespace {

constexpr std::int64_t kMostBytes = 100'000'000;
/// A word is drawn at once: longer strings without a space are cut.
constexpr std::size_t kMostCharacters = 40;

constexpr auto kCommonWords = std::to_array<std::string_view>(
    {"open",      "closed",   "exit",     "entrance", "welcome", "please",   "push",
     "pull",      "stop",     "parking",  "police",   "hotel",   "cafe",     "coffee",
     "tea",       "bar",      "pizza",    "burger",   "chicken", "rice",     "noodles",
     "fresh",     "fruit",    "juice",    "water",    "milk",    "bread",    "bakery",
     "market",    "shop",     "store",    "sale",     "new",     "free",     "best",
     "price",     "offer",    "save",     "now",      "today",   "only",     "from",
     "the",       "and",      "of",       "to",       "in",      "for",      "with",
     "your",      "our",      "you",      "we",       "is",      "are",      "all",
     "no",        "not",      "do",       "yes",      "smoking", "entry",    "danger",
     "warning",   "caution",  "keep",     "clear",    "slow",    "school",   "bank",
     "office",    "centre",   "street",   "road",     "avenue",  "lane",     "park",
     "garden",    "station",  "train",    "bus",      "taxi",    "airport",  "gate",
     "platform",  "ticket",   "tickets",  "lift",     "toilet",  "ladies",   "men",
     "women",     "children", "baby",     "fashion",  "shoes",   "jewelry",  "watch",
     "phone",     "mobile",   "computer", "camera",   "print",   "copy",     "service",
     "repair",    "rent",     "car",      "wash",     "tyres",   "oil",      "diesel",
     "gas",       "power",    "electric", "light",    "fire",    "hose",     "alarm",
     "emergency", "first",    "aid",      "doctor",   "dentist", "pharmacy", "hospital",
     "beauty",    "hair",     "nails",    "spa",      "gym",     "fitness",  "sports",
     "club",      "music",    "live",     "theatre",  "cinema",  "museum",   "gallery",
     "library",   "books",    "news",     "times",    "post",    "mail",     "express",
     "city",      "north",    "south",    "east",     "west",    "upper",    "lower",
     "floor",     "level",    "room",     "house",    "home",    "family",   "royal",
     "king",      "queen",    "golden",   "star",     "sun",     "moon",     "ocean",
     "river",     "hill",     "lake",     "mountain", "green",   "red",      "blue",
     "black",     "white",    "grand",    "super",    "mini",    "max",      "plus",
     "pro",       "original", "quality",  "since",    "made",    "product",  "company",
     "limited",   "group",    "trading",  "design",   "studio",  "art",      "travel",
     "tours",     "holiday",  "summer",   "winter",   "spring",  "monday",   "tuesday",
     "wednesday", "thursday", "friday",   "saturday", "sunday",  "january",  "march",
     "april",     "june",     "july",     "october",  "hours",   "opening",  "closing",
     "kitchen",   "grill",    "seafood",  "steak",    "salad",   "soup",     "dessert",
     "wine",      "beer",     "happy",    "hour",     "menu",    "lunch",    "dinner",
     "breakfast"});

constexpr auto kOnsets = std::to_array<std::string_view>(
    {"b",  "br", "c", "ch", "cl", "d", "dr", "f",  "fl", "g", "gr", "h",
     "j",  "k",  "l", "m",  "n",  "p", "pl", "pr", "qu", "r", "s",  "sh",
     "sp", "st", "t", "th", "tr", "v", "w",  "y",  "z",  "",  "",   ""});
constexpr auto kVowels = std::to_array<std::string_view>(
    {"a", "e", "i", "o", "u", "a", "e", "i", "o", "ai", "ea", "ee", "ie", "oo", "ou"});
constexpr auto kAccented = std::to_array<std::string_view>(
    {"\u00e9", "\u00e8", "\u00e4", "\u00f6", "\u00fc", "\u00e1", "\u00f3", "\u00e7a", "\u00f1o"});
constexpr auto kCodas = std::to_array<std::string_view>(
    {"", "", "", "", "n", "r", "s", "t", "l", "m", "ck", "nd", "ng", "nt", "rs", "ss", "st", "x"});
constexpr auto kCurrencies = std::to_array<std::string_view>({"$", "\u20ac", "\u00a3", "S$"});
constexpr auto kTitles =
    std::to_array<std::string_view>({"St.", "Dr", "No.", "Mr", "&", "Co.", "Ltd"});
constexpr auto kDomains =
    std::to_array<std::string_view>({".com", ".org", ".net", ".de", ".co.uk", ".sg"});

template <typename Table>
std::string pick(const Table& table, core::Random& random) {
    return std::string(table[random.below(table.size())]);
}

std::string digits(std::size_t count, core::Random& random) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('0' + random.below(10));
    return text;
}

std::string number(core::Random& random) {
    std::string text = digits(1 + random.below(4), random);
    text[0] = static_cast<char>('1' + random.below(9));
    return text;
}

std::string syllables(core::Random& random) {
    std::string word;
    for (std::uint64_t left = 1 + random.below(3); left > 0; --left) {
        word += pick(kOnsets, random);
        word += random.uniform() < 0.03 ? pick(kAccented, random) : pick(kVowels, random);
        word += pick(kCodas, random);
    }
    return word;
}

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

enum class Letters { lower, capital, upper };

Letters draw_letters(core::Random& random) {
    const double u = random.uniform();
    return u < 0.45 ? Letters::upper : u < 0.8 ? Letters::capital : Letters::lower;
}

/// A word with letters beyond ASCII is left in lower case.
std::string in_letters(std::string word, Letters letters) {
    if (letters == Letters::lower || !is_ascii(word)) return word;
    if (letters == Letters::capital)
        word[0] = upper(word[0]);
    else
        std::ranges::transform(word, word.begin(), upper);
    return word;
}

std::string plain_word(Letters letters, core::Random& random) {
    std::string word = random.uniform() < 0.65 ? pick(kCommonWords, random) : syllables(random);
    return in_letters(std::move(word), letters);
}

std::string price(core::Random& random) {
    const std::string amount = number(random) + (random.uniform() < 0.8 ? "." : ",") +
                               (random.uniform() < 0.5 ? digits(2, random) : "99");
    std::string currency = pick(kCurrencies, random);
    return random.uniform() < 0.7 ? currency + amount : amount + currency;
}

std::string two_digits(std::uint64_t below, core::Random& random) {
    const std::uint64_t value = random.below(below);
    return {static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)};
}

std::string time(core::Random& random) {
    const char separator = random.uniform() < 0.7 ? ':' : '.';
    std::string text = two_digits(24, random) + separator + two_digits(60, random);
    if (random.uniform() < 0.3)
        text.append("-").append(two_digits(24, random)).append({separator, '0', '0'});
    return text;
}

std::string date(core::Random& random) {
    const char separator = "./-"[random.below(3)];
    return two_digits(29, random) + separator + two_digits(13, random) + separator + "20" +
           two_digits(40, random);
}

std::string code(core::Random& random) {
    std::string text;
    for (std::uint64_t left = 1 + random.below(3); left > 0; --left)
        text += static_cast<char>('A' + random.below(26));
    if (random.uniform() < 0.3) text += "-";
    return text + digits(1 + random.below(4), random);
}

std::string address(core::Random& random) {
    const std::string name = plain_word(Letters::lower, random);
    if (!is_ascii(name)) return "www." + pick(kCommonWords, random) + ".com";
    if (random.uniform() < 0.3) return "info@" + name + pick(kDomains, random);
    return (random.uniform() < 0.7 ? "www." : "") + name + pick(kDomains, random);
}

std::string special_word(core::Random& random) {
    switch (random.below(9)) {
        case 0: return price(random);
        case 1: return time(random);
        case 2: return date(random);
        case 3: return code(random);
        case 4: return address(random);
        case 5: return number(random) + "%";
        case 6: return pick(kTitles, random);
        default: return number(random);
    }
}

std::vector<std::string> telephone(core::Random& random) {
    std::vector<std::string> words;
    if (random.uniform() < 0.3) words.push_back(random.uniform() < 0.5 ? "Tel:" : "Tel.");
    if (random.uniform() < 0.4) words.push_back(std::string("+").append(digits(2, random)));
    words.push_back(digits(3 + random.below(2), random));
    words.push_back(digits(4, random));
    if (random.uniform() < 0.7) words.push_back(digits(4, random));
    return words;
}

std::vector<std::string> made_up(std::size_t most, core::Random& random) {
    const double kind = random.uniform();
    if (kind < 0.05 && most >= 3) {
        std::vector<std::string> words = telephone(random);
        words.resize(std::min(words.size(), most));
        return words;
    }
    const Letters letters = draw_letters(random);
    std::vector<std::string> words;
    for (std::size_t i = 0; i < most; ++i)
        words.push_back(random.uniform() < 0.18 ? special_word(random)
                                                : plain_word(letters, random));
    return words;
}

/// Cuts a line at white space, and words that are too long.
std::vector<std::string> split(std::string_view line) {
    std::vector<std::string> words;
    constexpr std::string_view kSpaces = " \t\r\v\f";
    while (true) {
        const std::size_t begin = line.find_first_not_of(kSpaces);
        if (begin == std::string_view::npos) return words;
        line.remove_prefix(begin);
        std::size_t end = 0;
        for (std::size_t characters = 0; end < line.size(); ++end) {
            if (kSpaces.find(line[end]) != std::string_view::npos) break;
            const bool begins = (static_cast<unsigned char>(line[end]) & 0xc0) != 0x80;
            if (begins && characters++ == kMostCharacters) break;
        }
        words.emplace_back(line.substr(0, end));
        line.remove_prefix(end);
    }
}

}  // namespace

WordSource::WordSource(const std::string& file) {
    if (file.empty()) return;
    const std::vector<std::uint8_t> bytes = core::read_file(file, kMostBytes);
    std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (!decode_utf8(line))
            core::fail(ErrorCode::malformed, file, ":", number, ": is not UTF-8 text");
        if (std::vector<std::string> words = split(line); !words.empty())
            lines_.push_back(std::move(words));
    }
    if (lines_.empty()) core::fail(ErrorCode::malformed, file, ": there is no word in it");
}

std::vector<std::string> WordSource::phrase(std::size_t most, core::Random& random) const {
    if (lines_.empty()) return made_up(most, random);
    std::vector<std::string> words;
    while (words.size() < most) {
        const std::vector<std::string>& line = lines_[random.below(lines_.size())];
        const std::size_t begin = random.below(line.size());
        for (std::size_t i = begin; i < line.size() && words.size() < most; ++i)
            words.push_back(line[i]);
        if (line.size() > 1) break;  // in a list of words each stands for itself
    }
    return words;
}

std::vector<std::string> WordSource::excerpt(std::size_t most) const {
    if (lines_.empty()) return {"Text", "0123456789"};
    std::vector<std::string> words;
    const std::size_t step = std::max<std::size_t>(1, lines_.size() / most);
    for (std::size_t i = 0; i < lines_.size() && words.size() < most; i += step)
        words.push_back(lines_[i].front());
    return words;
}

}  // namespace dbnet::synth
