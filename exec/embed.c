/*
 * Run by the build: turns a file into C source, so that a program can carry another one inside
 * itself.
 *
 *     embed NAME FILE SOURCE-FILE
 */
#include <stdio.h>

int main(int argc, char **argv)
{
    FILE *from = argc == 4 ? fopen(argv[2], "rb") : NULL, *to = from ? fopen(argv[3], "w") : NULL;
    int byte, n = 0;

    if (!to) {
        fprintf(stderr, "usage: embed NAME FILE SOURCE-FILE\n");
        return 2;
    }
    fprintf(to, "#include <stddef.h>\n\nextern const unsigned char %s[];\n", argv[1]);
    fprintf(to, "extern const size_t %s_size;\n\nconst unsigned char %s[] = {", argv[1], argv[1]);
    while ((byte = getc(from)) != EOF) {
        fprintf(to, "%s%d,", n++ % 20 ? "" : "\n", byte);
    }
    fprintf(to, "\n};\nconst size_t %s_size = %d;\n", argv[1], n);
    return fclose(from) | fclose(to) ? 3 : 0;
}
