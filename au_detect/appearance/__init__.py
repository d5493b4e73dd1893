"""Networks that learn from pixels and from time, to compare with; detection needs none of them."""
