/* assembly.h - what the parameters of a protected graph are made of, for all who make them. */
#ifndef FTDN_PROTECTORS_ASSEMBLY_H
#define FTDN_PROTECTORS_ASSEMBLY_H

#include "protectors/protector.h"

/* Has its recipe a buffer of its own written? */
static inline bool ftdn_recipe_makes_values(const ftdn_recipe *recipe)
{
    return recipe->kind == FTDN_RECIPE_MERGE || recipe->kind == FTDN_RECIPE_REPLACE;
}

/* What one parameter is made of. */
typedef struct ftdn_ingredients {
    const float *ready;                 /* the parameter itself; NULL: its values are to be made of what follows */
    const float *original;              /* all rows */
    const float *copy[FTDN_MAX_COPIES]; /* MERGE: as many as there are, else NULL; REPLACE: copy[0] alone */
    const ftdn_layer_copies *copied;    /* which rows */
} ftdn_ingredients;

/* Pointers are those of `stored`, or of what is clean (ftdn_assembly_make). */
ftdn_ingredients ftdn_recipe_gather(const ftdn_protection *protection, const ftdn_recipe *recipe,
                                    const ftdn_stored_weights *stored);

#endif
