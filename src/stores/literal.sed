# A text as a C string literal, one for each line.
s/\\/\\\\/g
s/"/\\"/g
s/.*/"&\\n"/
