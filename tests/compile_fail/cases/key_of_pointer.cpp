// says: key type: JSON must convert it both ways
// names: address
CLOACINA_KEY(address, char const*);
