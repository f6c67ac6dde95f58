"""What accounts and CSMs are called: made of syllables, after nobody.

An account's first word is a pair of syllables, its second says what it does. The pair
is a permutation of the account's number, so neighbours do not sound alike and no two
accounts share a name.
"""

from __future__ import annotations

import numpy as np

from warehouse.simulate.arrays import Ints

_HEADS = (
    "Al Ar Bal Bel Bor Bran Cal Cor Dar Del Dor El Eri Fal Fen Gal Gran Hal Har Hov "
    "Il Jor Kal Kel Kor Lan Lin Lor Mar Mel Mir Mor Nal Nor Ol Or Pel Per Quin Ral "
    "Ren Ros Sal Sel Sol Tal Tar Tel Thor Tor Ul Val Var Ver Vol Wyn Wen Wil Yar Zel"
).split()
_TAILS = (
    "aby aden ado ake alis amon anda aris aven avia bury cott den dora eca edon elia ena "
    "erby esta eva field ford gate ham holt iden igo ima ington iska ita ivo land lake "
    "ley lin low mere mina mond more nova ona oria osta over ridge sen stead stone thorpe "
    "ton una uria ven vik ward well wick worth"
).split()
_TRADES = {
    "Education": ("Learning", "Academy", "Schools", "Courses", "Campus", "Tutors"),
    "Energy": ("Energy", "Power", "Grid", "Solar", "Utilities", "Fuels"),
    "Financial services": ("Capital", "Credit", "Insurance", "Savings", "Advisers", "Leasing"),
    "Healthcare": ("Health", "Clinics", "Care", "Diagnostics", "Pharma", "Therapies"),
    "Logistics": ("Logistics", "Freight", "Couriers", "Shipping", "Haulage", "Depots"),
    "Manufacturing": ("Works", "Tools", "Components", "Foundry", "Plastics", "Machines"),
    "Professional services": ("Partners", "Legal", "Consulting", "Audit", "Design", "Staffing"),
    "Retail": ("Stores", "Foods", "Outfitters", "Markets", "Homeware", "Pets"),
}
_FORMS = ("", " Group", " Holding", " International", " Services", " Company", " Trading")
_FIRST_NAMES = (
    "Amara Bruno Carmen Dario Elif Farah Goran Hana Imran Jonas Kaori Leila Mateo Nadia "
    "Oskar Priya Quentin Rosa Samir Tessa Umar Vera Wanda Xenia Yusuf Zofia Anton Bianca "
    "Cyril Dilara Emil Fiona Gustav Helga Ines Jamal Katya Lukas Mina Noor Otto Paula "
    "Rahim Sofia Tomas Ursula Viktor Yara"
).split()
_STRIDE = 1009


def account_names(number: Ints, industry: Ints, industries: tuple[str, ...]) -> list[str]:
    """A name for each account ``number`` (from 1) in its industry, all different."""
    pairs = len(_HEADS) * len(_TAILS)
    pair = (number - 1) * _STRIDE % pairs
    lap = (number - 1) // pairs
    head, tail = pair % len(_HEADS), pair // len(_HEADS)
    trade = (pair + lap) % 6
    form = lap // 6
    words = np.array([_TRADES[name] for name in industries])
    first = np.char.add(np.array(_HEADS)[head], np.array(_TAILS)[tail])
    full = np.char.add(np.char.add(first, " "), words[industry, trade])
    names: list[str] = np.char.add(full, _endings(form)).tolist()
    return names


def csm_names(index: Ints) -> list[str]:
    """The name of each CSM: a first name, with an initial once the first names run out."""
    first = np.array(_FIRST_NAMES)[index % len(_FIRST_NAMES)]
    lap = index // len(_FIRST_NAMES)
    letters = np.array([""] + [f" {chr(ord('A') + i)}." for i in range(26)])
    names: list[str] = np.char.add(first, letters[np.minimum(lap, 26)]).tolist()
    return names


def _endings(form: Ints) -> np.ndarray:
    """What follows the two words of a name, once all pairs have been used six times."""
    numbered = np.char.add(" ", (form + 1).astype(str))
    return np.where(
        form < len(_FORMS), np.array(_FORMS)[np.minimum(form, len(_FORMS) - 1)], numbered
    )


def person_names(number: Ints) -> list[str]:
    """A first and a last name for each ``number``; many people share one."""
    first = number * _STRIDE % len(_FIRST_NAMES)
    pairs = len(_HEADS) * len(_TAILS)
    last = number * _STRIDE // len(_FIRST_NAMES) % pairs
    family = np.char.add(
        np.array(_HEADS)[last % len(_HEADS)], np.array(_TAILS)[last // len(_HEADS)]
    )
    given = np.char.add(np.array(_FIRST_NAMES)[first], " ")
    named: list[str] = np.char.add(given, family).tolist()
    return named
