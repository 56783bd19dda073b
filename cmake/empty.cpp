// Gives a folder without sources of its own something to archive.
namespace suan {}
