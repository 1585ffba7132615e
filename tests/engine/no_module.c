/* no_module.c - a library that is sound, and no module of the program. */
int ftdn_no_module(void);

int ftdn_no_module(void)
{
    return 1;
}
