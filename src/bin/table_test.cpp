#include "bin/table.hpp"

#include <gtest/gtest.h>

namespace suan::bin {
namespace {

TEST(Table, ColumnsAreAlignedAndLinesEndWithoutBlanks) {
    Table table({{"NAME"}, {"CNY", Align::right}, {"NOTE"}});
    table.row({"a", "1,200.50", ""});
    table.row({"longer", "3", "x"});
    EXPECT_EQ(table.text(),
              "NAME         CNY  NOTE\n"
              "a       1,200.50\n"
              "longer         3  x\n");
}

TEST(Table, ChineseTakesTwoCells) {
    EXPECT_EQ(display_width("算力 a"), 6U);
    Table table({{"N"}, {"X"}});
    table.row({"算力", "1"});
    table.row({"abcd", "2"});
    EXPECT_EQ(table.text(), "N     X\n算力  1\nabcd  2\n");
}

TEST(Table, ControlCharactersCannotMoveTheCursor) {
    Table table({{"NAME"}});
    table.row({"a\x1b[2Jb\n"});
    EXPECT_EQ(table.text(), "NAME\na?[2Jb?\n");
}

}  // namespace
}  // namespace suan::bin
