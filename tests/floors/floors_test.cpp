// The floors of the house (docs/design/architecture.md, section 3) hold: every #include of a room's
// files leads to the room itself, to a room that its DEPENDS in CMake names, directly or through
// others, or outside; and every dependency leads to a lower floor, or stays on its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

struct Room {
    std::string folder;  ///< below src/
    Names uses;          ///< rooms, as DEPENDS names them
};

/// What cmake/rooms.cmake wrote: name;folder;rooms...
std::map<std::string, Room> read_rooms() {
    std::map<std::string, Room> rooms;
    std::ifstream file(DBNET_ROOMS_FILE);
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        std::string name, used;
        Room room;
        std::getline(fields, name, ';');
        std::getline(fields, room.folder, ';');
        while (std::getline(fields, used, ';')) room.uses.insert(used);
        rooms.emplace(name, room);
    }
    return rooms;
}

void add_reachable(const std::map<std::string, Room>& rooms, const std::string& name,
                   Names& reached) {
    for (const std::string& used : rooms.at(name).uses)
        if (reached.insert(used).second) add_reachable(rooms, used, reached);
}

/// Folders that the files of a folder may include from.
std::map<std::string, Names> allowed_folders(const std::map<std::string, Room>& rooms) {
    std::map<std::string, Names> allowed;
    for (const auto& [name, room] : rooms) {
        Names reached;
        add_reachable(rooms, name, reached);
        allowed[room.folder].insert(room.folder);
        for (const std::string& other : reached)
            allowed[room.folder].insert(rooms.at(other).folder);
    }
    return allowed;
}

/// The innermost room folder that holds a file named relative to src/; empty if none does.
std::string folder_of(const std::map<std::string, Names>& allowed, const fs::path& file) {
    for (fs::path folder = file.parent_path(); !folder.empty(); folder = folder.parent_path())
        if (allowed.contains(folder.generic_string())) return folder.generic_string();
    return {};
}

std::vector<std::string> includes_of(const fs::path& file) {
    static const std::regex kInclude(R"re(^\s*#\s*include\s+"([^"]+)")re");
    std::vector<std::string> found;
    std::ifstream stream(file);
    std::smatch match;
    for (std::string line; std::getline(stream, line);)
        if (std::regex_search(line, match, kInclude)) found.push_back(match[1]);
    return found;
}

bool belongs_to_a_room(const fs::path& file) {
    const std::string name = file.stem().string();
    return (file.extension() == ".cpp" || file.extension() == ".hpp") && !name.ends_with("_test") &&
           !name.ends_with("_bench");
}

/// Floor of each folder as the architecture's drawing has it: "floor 4   detect/   ...".
std::map<std::string, int> read_floors() {
    static const std::regex kFloor(R"(^floor (\d))");
    static const std::regex kFolder(R"((?:^floor \d|\s{2,})\s*([a-z_]+)/\s)");
    std::map<std::string, int> floors;
    std::ifstream page(DBNET_SOURCE_FOLDER "/docs/design/architecture.md");
    int floor = -1;
    for (std::string line; std::getline(page, line);) {
        std::smatch match;
        if (std::regex_search(line, match, kFloor)) floor = std::stoi(match[1]);
        if (line.starts_with("```")) floor = -1;
        if (floor < 0) continue;
        for (std::sregex_iterator it(line.begin(), line.end(), kFolder), end; it != end; ++it)
            floors.emplace((*it)[1], floor);
    }
    return floors;
}

std::string outermost(const std::string& folder) { return folder.substr(0, folder.find('/')); }

TEST(Floors, FilesIncludeOnlyFromRoomsThatTheirRoomDependsOn) {
    const auto allowed = allowed_folders(read_rooms());
    ASSERT_GE(allowed.size(), 10U);
    const fs::path source = DBNET_SOURCE_FOLDER "/src";
    std::vector<std::string> breaches;
    int checked = 0;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(source)) {
        if (!entry.is_regular_file() || !belongs_to_a_room(entry.path())) continue;
        const fs::path file = entry.path().lexically_relative(source);
        const std::string from = folder_of(allowed, file);
        if (from.empty()) continue;
        for (const std::string& include : includes_of(entry.path())) {
            const std::string to = folder_of(allowed, include);
            ++checked;
            if (!to.empty() && !allowed.at(from).contains(to))
                breaches.push_back(file.generic_string() + " includes " + include + ": " + from +
                                   " does not depend on " + to);
        }
    }
    EXPECT_GT(checked, 500);
    EXPECT_THAT(breaches, testing::IsEmpty());
}

TEST(Floors, RoomsDependOnNoHigherFloor) {
    const auto rooms = read_rooms();
    const auto floors = read_floors();
    std::vector<std::string> breaches;
    for (const auto& [name, room] : rooms) {
        ASSERT_TRUE(floors.contains(outermost(room.folder))) << room.folder << " has no floor";
        for (const std::string& used : room.uses) {
            ASSERT_TRUE(rooms.contains(used)) << name << " depends on " << used;
            const std::string& below = rooms.at(used).folder;
            if (floors.at(outermost(below)) > floors.at(outermost(room.folder)))
                breaches.push_back(name + " depends on " + used + ", which is on a higher floor");
        }
    }
    EXPECT_THAT(breaches, testing::IsEmpty());
}

TEST(Floors, NoRoomDependsOnItself) {
    const auto rooms = read_rooms();
    for (const auto& [name, room] : rooms) {
        Names reached;
        add_reachable(rooms, name, reached);
        EXPECT_FALSE(reached.contains(name)) << name;
    }
}

}  // namespace
