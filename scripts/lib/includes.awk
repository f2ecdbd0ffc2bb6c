# Reads the project's C++ files (named from the root) and prints for each all that it includes:
# "FILE<tab>INCLUDE<tab>direct", or "through" where another file of the project does it. Library
# headers keep their <>.
FNR == 1 { files[FILENAME] = 1 }
/^[ \t]*#[ \t]*include[ \t]*["<]/ {
  text = $0
  sub(/^[^"<]*/, "", text)
  name = text
  if (substr(text, 1, 1) == "\"") {
    name = substr(text, 2)
    sub(/".*/, "", name)
    # beside the file, if it is not named from the root
    directory = FILENAME
    sub(/[^\/]*$/, "", directory)
    if ((getline line < (directory name)) >= 0 && index(name, "/") == 0) name = directory name
    close(directory name)
  } else {
    sub(/>.*/, ">", name)
  }
  edges[FILENAME] = edges[FILENAME] name "\n"
}
function visit(root, file, parts, n, i) {
  n = split(edges[file], parts, "\n")
  for (i = 1; i < n; i++) {
    if ((root, parts[i]) in seen) continue
    seen[root, parts[i]] = 1
    print root "\t" parts[i] "\t" (root == file ? "direct" : "through")
    if (parts[i] in files) visit(root, parts[i])
  }
}
END { for (file in files) visit(file, file) }
