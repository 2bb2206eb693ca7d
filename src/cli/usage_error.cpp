// CLI11 says what it stumbled over in words of its own, which differ between its versions; here
// they become those of our other messages. What is not known stays as it is.
#include "cli/usage_error.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include "app/names.hpp"
#include "cli/hints.hpp"
#include "core/error.hpp"

namespace dbnet::cli {
namespace {

std::vector<std::string_view> long_options(const CLI::App& app) {
    std::vector<std::string_view> names;
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames()) names.push_back(name);
    return names;
}

std::vector<std::string_view> verbs_of(CLI::App& app) {
    std::vector<std::string_view> names;
    for (const CLI::App* sub : app.get_subcommands({})) names.push_back(sub->get_name());
    return names;
}

std::string unknown_option(const std::string& text, const CLI::App& command) {
    const std::string name = text.substr(0, text.find('='));
    const std::vector<std::string_view> options = long_options(command);
    const std::string message = "unknown option " + name;
    if (const std::string hint = option_hint(name, options); !hint.empty())
        return message + ": " + hint;
    const std::string guess(app::nearest(name.substr(name.find_first_not_of('-')), options));
    return guess.empty() ? message : message + ": did you mean --" + guess + "?";
}

/// `command`: the innermost that is named beside the word, of which help was wanted perhaps.
std::string unknown_verb(const std::string& verb, CLI::App& app, const CLI::App& command) {
    std::string meant;
    if (verb == "help")
        meant = full_name(command) + " --help";
    else if (verb == "version")
        meant = app.get_name() + " --version";
    else
        meant = verb_hint(verb);
    return meant.empty() ? app::unknown_name("verb", verb, verbs_of(app))
                         : core::concat("unknown verb '", verb, "': did you mean '", meant, "'?");
}

/// The text between two others; nothing if they are not there.
std::optional<std::string> between(const std::string& text, const std::string& before,
                                   const std::string& after = "") {
    const std::size_t begin = text.find(before);
    if (begin == std::string::npos) return {};
    const std::size_t from = begin + before.size();
    const std::size_t to = after.empty() ? text.size() : text.find(after, from);
    if (to == std::string::npos) return {};
    return text.substr(from, to - from);
}

/// "0 to 4096" of "0 to 4096" or "[0 - 4096]", without the zeros behind a point.
std::string range_text(std::string range) {
    std::erase_if(range, [](char c) { return c == '[' || c == ']'; });
    const std::size_t dash = range.find(" - ");
    if (dash != std::string::npos) range.replace(dash, 3, " to ");
    const std::size_t to = range.find(" to ");
    if (to == std::string::npos) return range;
    const auto number = [](const std::string& text) {
        return core::concat(std::strtod(text.c_str(), nullptr));
    };
    return number(range.substr(0, to)) + " to " + number(range.substr(to + 4));
}

/// "0,4" with a decimal comma.
bool has_decimal_comma(const std::string& text) {
    const std::size_t comma = text.find(',');
    return comma != std::string::npos && text.find_first_not_of("0123456789,-+") == text.npos &&
           text.find(',', comma + 1) == std::string::npos;
}

std::string not_a_number(CLI::App& command, const std::string& name, const std::string& value) {
    const CLI::Option* option = command.get_option_no_throw(name);
    if (option != nullptr && option->get_expected_max() == 0) return name + " takes no value";
    const std::string type = option == nullptr ? "" : option->get_type_name();
    const bool is_list = type == "LIST";
    std::string message = core::concat(name, " is '", value, "', expected ",
                                       type == "N" ? "a whole number"
                                       : is_list   ? "numbers: a,b,c"
                                                   : "a number");
    if (!is_list && type != "N" && has_decimal_comma(value)) {
        std::string pointed = value;
        pointed.replace(pointed.find(','), 1, ".");
        message += " such as " + pointed;
    }
    return message;
}

std::string reworded(CLI::App& command, const std::string& text) {
    const std::string name = text.substr(0, text.find(": "));
    if (const auto refused = between(text, "Could not convert: "))
        if (const std::size_t equals = refused->find(" = "); equals != std::string::npos)
            return not_a_number(command, refused->substr(0, equals), refused->substr(equals + 3));
    if (const auto value = between(text, ": Value ", " not in range "))
        return core::concat(name, " is '", *value, "', expected ",
                            range_text(*between(text, " not in range ")));
    if (const auto type = between(text, " required ", " missing"))
        return core::concat(name, " has no value, expected ", *type);
    return text;
}

}  // namespace

CLI::App& innermost(CLI::App& app) {
    const std::vector<CLI::App*> parsed = app.get_subcommands();
    return parsed.empty() ? app : innermost(*parsed.front());
}

std::string full_name(const CLI::App& command) {
    const CLI::App* parent = command.get_parent();
    return parent == nullptr ? command.get_name() : full_name(*parent) + " " + command.get_name();
}

std::string describe(CLI::App& app, const CLI::ParseError& error) {
    CLI::App& command = innermost(app);
    for (const std::string& extra : app.remaining())  // before any verb
        if (!extra.starts_with("-")) return unknown_verb(extra, app, command);
    const std::vector<std::string_view> verbs = verbs_of(command);
    for (const std::string& extra : app.remaining(true)) {
        if (extra.starts_with("-")) return unknown_option(extra, command);
        if (!verbs.empty()) return app::unknown_name("verb", extra, verbs);
        return "unexpected argument '" + extra + "'";
    }
    if (!verbs.empty() && error.get_name() == "RequiredError") {
        std::string message = "expected a verb:";
        for (const std::string_view verb : verbs) message.append(" ").append(verb);
        return message;
    }
    return reworded(command, error.what());
}

}  // namespace dbnet::cli
